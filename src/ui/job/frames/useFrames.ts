import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Frame } from '../../../watch.ts'
import { jobFrames } from '../../data/jobCalls.ts'
import { stream, useWatch } from '../../data/stream.ts'
import { Frames } from './frames.ts'

/** Asked for anew so often at most, while frames come and go. */
const AGAIN_MS = 1000

export interface LiveFrames {
  frames: Frames
  /** Counts up with each change of what is in `frames`. */
  version: number
}

/** The leaves of a group: asked for once, and then told one by one. */
export function useFrames(group: number): LiveFrames | undefined {
  const client = useQueryClient()
  const [version, setVersion] = useState(0)
  /** Told while an answer was under way, which may be older than they are. */
  const early = useRef<NonNullable<Frame['frames']>>([])
  useWatch({ frames: group })
  const { data, isFetching } = useQuery({
    queryKey: ['frames', group],
    queryFn: async () => {
      early.current = []
      const frames = new Frames(await jobFrames(group))
      for (const change of early.current) frames.change(...change)
      return frames
    },
    structuralSharing: false,
    gcTime: 0,
  })
  const fetching = useRef(isFetching)
  fetching.current = isFetching
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const leave = stream.listen(({ frames: changes, framesAnew }) => {
      if (changes) {
        if (fetching.current) early.current.push(...changes)
        const known = client.getQueryData<Frames>(['frames', group])
        for (const change of changes) known?.change(...change)
        setVersion((before) => before + 1)
      }
      if (framesAnew)
        timer ??= setTimeout(() => {
          timer = undefined
          void client.invalidateQueries({ queryKey: ['frames', group] })
        }, AGAIN_MS)
    })
    return () => {
      leave()
      clearTimeout(timer)
    }
  }, [client, group])
  return data && { frames: data, version }
}
