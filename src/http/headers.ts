/**
 * With every answer: what it is is what it says, and no page shows it in a frame, or loads it as its own. As a constant that
 * each answer is made with: set afterwards, they took as long as all else of a short answer.
 */
export const SECURE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
} as const
