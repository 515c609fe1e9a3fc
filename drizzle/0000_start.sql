CREATE TABLE `affinities` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `affinities_name_unique` ON `affinities` (`name`);--> statement-breakpoint
CREATE TABLE `blocklist` (
	`root` integer NOT NULL,
	`worker` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`since` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`root`, `worker`)
);
--> statement-breakpoint
CREATE INDEX `blocklist_by_worker` ON `blocklist` (`worker`);--> statement-breakpoint
CREATE TABLE `dependencies` (
	`job_id` integer NOT NULL,
	`dependency` integer NOT NULL,
	`kind` text DEFAULT 'all' NOT NULL,
	`met` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`job_id`, `dependency`)
);
--> statement-breakpoint
CREATE INDEX `dependencies_by_dependency` ON `dependencies` (`dependency`,`met`,`kind`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`worker` text NOT NULL,
	`job_id` integer NOT NULL,
	`job_title` text NOT NULL,
	`state` text NOT NULL,
	`start` integer NOT NULL,
	`duration` integer DEFAULT 0 NOT NULL,
	`log_start` integer DEFAULT 0 NOT NULL,
	`needs_id` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_open` ON `events` (`worker`) WHERE state = 'WORKING';--> statement-breakpoint
CREATE INDEX `events_long` ON `events` (start + duration) WHERE duration >= 3600;--> statement-breakpoint
CREATE INDEX `events_by_job` ON `events` (`job_id`,`id`);--> statement-breakpoint
CREATE INDEX `events_by_worker` ON `events` (`worker`,`id`);--> statement-breakpoint
CREATE INDEX `events_by_start` ON `events` (`start`,`id`);--> statement-breakpoint
CREATE TABLE `frame_links` (
	`job_id` integer NOT NULL,
	`dependency` integer NOT NULL,
	`make` integer DEFAULT 0 NOT NULL,
	`done` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`job_id`, `dependency`)
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`parent` integer DEFAULT 0 NOT NULL,
	`title` text DEFAULT '' NOT NULL,
	`command` text DEFAULT '' NOT NULL,
	`dir` text DEFAULT '.' NOT NULL,
	`environment` text DEFAULT '' NOT NULL,
	`state` text DEFAULT 'WAITING' NOT NULL,
	`paused` integer DEFAULT 0 NOT NULL,
	`worker` text DEFAULT '' NOT NULL,
	`start_time` integer DEFAULT 0 NOT NULL,
	`duration` integer DEFAULT 0 NOT NULL,
	`ping_time` integer DEFAULT 0 NOT NULL,
	`run_done` integer DEFAULT 0 NOT NULL,
	`retry` integer DEFAULT 0 NOT NULL,
	`timeout` integer DEFAULT 0 NOT NULL,
	`priority` integer DEFAULT 1000 NOT NULL,
	`user` text DEFAULT '' NOT NULL,
	`finished` integer DEFAULT 0 NOT NULL,
	`errors` integer DEFAULT 0 NOT NULL,
	`working` integer DEFAULT 0 NOT NULL,
	`total` integer DEFAULT 0 NOT NULL,
	`total_finished` integer DEFAULT 0 NOT NULL,
	`total_errors` integer DEFAULT 0 NOT NULL,
	`total_working` integer DEFAULT 0 NOT NULL,
	`url` text DEFAULT '' NOT NULL,
	`progress` real DEFAULT 0 NOT NULL,
	`progress_pattern` text DEFAULT '' NOT NULL,
	`frames` text DEFAULT '' NOT NULL,
	`memory` integer DEFAULT 0 NOT NULL,
	`cores` integer DEFAULT 0 NOT NULL,
	`gpus` integer DEFAULT 0 NOT NULL,
	`max_workers` integer DEFAULT 0 NOT NULL,
	`error_limit` integer DEFAULT 0 NOT NULL,
	`start_after` integer DEFAULT 0 NOT NULL,
	`retry_delay` integer DEFAULT 0 NOT NULL,
	`retry_growth` real DEFAULT 1 NOT NULL,
	`min_run_time` integer DEFAULT 0 NOT NULL,
	`idle_timeout` integer DEFAULT 0 NOT NULL,
	`fatal` text DEFAULT '' NOT NULL,
	`success` text DEFAULT '' NOT NULL,
	`needs_id` integer DEFAULT 0 NOT NULL,
	`ready` integer DEFAULT 0 NOT NULL,
	`retry_at` integer DEFAULT 0 NOT NULL,
	`wake_at` integer DEFAULT 0 NOT NULL,
	`unfinished` integer DEFAULT 0 NOT NULL,
	`waits_for` integer DEFAULT 0 NOT NULL,
	`run` integer DEFAULT 0 NOT NULL,
	`deadline` integer DEFAULT 0 NOT NULL,
	`working_since` integer DEFAULT 0 NOT NULL,
	`reset` integer DEFAULT 0 NOT NULL,
	`waited` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobs_by_parent` ON `jobs` (`parent`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_by_parent_state` ON `jobs` (`parent`,`state`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_ready` ON `jobs` (`parent`,`needs_id`,"priority" desc,`id`) WHERE ready = 1;--> statement-breakpoint
CREATE INDEX `jobs_ready_by_user` ON `jobs` (`needs_id`,"priority" desc,`user`,`id`) WHERE ready = 1 and parent = 0;--> statement-breakpoint
CREATE INDEX `jobs_by_wake` ON `jobs` (`wake_at`) WHERE wake_at > 0;--> statement-breakpoint
CREATE INDEX `jobs_by_deadline` ON `jobs` (`deadline`) WHERE deadline > 0;--> statement-breakpoint
CREATE INDEX `jobs_waiting` ON `jobs` (`parent`,`id`) WHERE waits_for > 0;--> statement-breakpoint
CREATE INDEX `jobs_waited` ON `jobs` (`parent`,`id`) WHERE waited = 1;--> statement-breakpoint
CREATE INDEX `jobs_by_user` ON `jobs` (`user`,`parent`);--> statement-breakpoint
CREATE INDEX `jobs_by_priority` ON `jobs` (`priority`,`parent`);--> statement-breakpoint
CREATE INDEX `jobs_by_needs` ON `jobs` (`needs_id`,`parent`);--> statement-breakpoint
CREATE INDEX `jobs_held` ON `jobs` (`state`,`parent`) WHERE state in ('PENDING', 'PAUSED') and command <> '';--> statement-breakpoint
CREATE INDEX `groups_by_title` ON `jobs` (`parent`,`title`) WHERE command = '';--> statement-breakpoint
CREATE INDEX `jobs_groups` ON `jobs` (`id`) WHERE command = '';--> statement-breakpoint
CREATE TABLE `join_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`created` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `limits` (
	`name` text PRIMARY KEY NOT NULL,
	`max` integer NOT NULL,
	`per` text DEFAULT 'run' NOT NULL
);
--> statement-breakpoint
CREATE TABLE `needs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`affinity` text DEFAULT '' NOT NULL,
	`limits` text DEFAULT '' NOT NULL,
	`memory` integer DEFAULT 0 NOT NULL,
	`cores` integer DEFAULT 0 NOT NULL,
	`gpus` integer DEFAULT 0 NOT NULL,
	`avoid` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE `reset_groups` (
	`job_id` integer PRIMARY KEY NOT NULL,
	`every` integer DEFAULT 0 NOT NULL,
	`errors` integer DEFAULT 0 NOT NULL,
	`done` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `resets` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`user` text NOT NULL,
	`expires` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`user`,`expires`);--> statement-breakpoint
CREATE INDEX `sessions_by_expiry` ON `sessions` (`expires`);--> statement-breakpoint
CREATE TABLE `tellings` (
	`dependency` integer PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text DEFAULT '' NOT NULL,
	`hash` text NOT NULL,
	`created` integer DEFAULT 0 NOT NULL,
	`expires` integer DEFAULT 0 NOT NULL,
	`last_used` integer DEFAULT 0 NOT NULL,
	`revoked` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE INDEX `tokens_by_user` ON `tokens` (`user`,`id`);--> statement-breakpoint
CREATE TABLE `users` (
	`name` text PRIMARY KEY NOT NULL,
	`role` text DEFAULT 'artist' NOT NULL,
	`rights` text DEFAULT '' NOT NULL,
	`password` text DEFAULT '' NOT NULL,
	`source` text DEFAULT 'local' NOT NULL,
	`subject` text DEFAULT '' NOT NULL,
	`disabled` integer DEFAULT 0 NOT NULL,
	`created` integer DEFAULT 0 NOT NULL,
	`signed_in` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `worker_credentials` (
	`worker` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`created` integer DEFAULT 0 NOT NULL,
	`address` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `worker_credentials_hash_unique` ON `worker_credentials` (`hash`);--> statement-breakpoint
CREATE TABLE `workers` (
	`name` text PRIMARY KEY NOT NULL,
	`ip` text DEFAULT '' NOT NULL,
	`affinity` text DEFAULT '' NOT NULL,
	`state` text DEFAULT 'WAITING' NOT NULL,
	`start_time` integer DEFAULT 0 NOT NULL,
	`ping_time` integer DEFAULT 0 NOT NULL,
	`finished` integer DEFAULT 0 NOT NULL,
	`error` integer DEFAULT 0 NOT NULL,
	`last_job` integer DEFAULT 0 NOT NULL,
	`current_event` integer DEFAULT 0 NOT NULL,
	`cpu` text DEFAULT '[]' NOT NULL,
	`free_memory` integer DEFAULT 0 NOT NULL,
	`total_memory` integer DEFAULT 0 NOT NULL,
	`active` integer DEFAULT 1 NOT NULL,
	`host` text DEFAULT '' NOT NULL,
	`memory` integer DEFAULT 0 NOT NULL,
	`cores` integer DEFAULT 0 NOT NULL,
	`gpus` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`time` integer NOT NULL,
	`who` text NOT NULL,
	`actor` text NOT NULL,
	`by` text NOT NULL,
	`address` text NOT NULL,
	`action` text NOT NULL,
	`kind` text NOT NULL,
	`object` text NOT NULL,
	`count` integer NOT NULL,
	`outcome` text NOT NULL,
	`times` integer NOT NULL,
	`changes` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_by_who` ON `audit` (`who`,`id`) WHERE who <> '';--> statement-breakpoint
CREATE INDEX `audit_by_object` ON `audit` (`object`,`id`) WHERE object <> '';--> statement-breakpoint
CREATE INDEX `audit_refused` ON `audit` (`id`) WHERE outcome = 'refused';--> statement-breakpoint
CREATE TABLE `audit_objects` (
	`kind` text NOT NULL,
	`object` text NOT NULL,
	`audit_id` integer NOT NULL,
	PRIMARY KEY(`kind`, `object`, `audit_id`)
);
--> statement-breakpoint
CREATE INDEX `audit_objects_by_audit` ON `audit_objects` (`audit_id`);