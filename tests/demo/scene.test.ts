import { describe, expect, test } from 'bun:test'
import { momentAt } from '../../src/demo/scene.ts'
import { renderFrame } from '../../src/demo/trace.ts'

const small = { frame: 1, frames: 48, width: 48, height: 27, samples: 2 }

/** Every ball as one line, in an order of its own: which number a ball has does not show in the picture. */
function balls(turn: number): string[] {
  const { count, x, y, z, radius, material, colour } = momentAt(turn)
  const rounded = (value: number | undefined) => ((value ?? Number.NaN) + 0).toFixed(6).replace('-0.000000', '0.000000')
  return Array.from({ length: count }, (_, i) =>
    [x[i], y[i], z[i], radius[i], material[i], ...colour.subarray(3 * i, 3 * i + 3)].map(rounded).join(' '),
  ).sort()
}

describe('the scene', () => {
  test('looks at the end as it did at the beginning, so that the film loops', () => {
    expect(balls(1)).toEqual(balls(0))
    expect(balls(0.5)).not.toEqual(balls(0))
    const numbers = (turn: number) => Object.values(momentAt(turn).camera).flat()
    for (const [i, value] of numbers(1).entries()) expect(value).toBeCloseTo(numbers(0)[i] ?? Number.NaN, 9)
  })

  test('keeps every ball above the floor and apart from the others', () => {
    for (let turn = 0; turn < 1; turn += 1 / 96) {
      const { count, x, y, z, radius } = momentAt(turn)
      const of = (list: Float64Array, i: number) => list[i] ?? Number.NaN
      for (let i = 0; i < count; i++) {
        expect(of(y, i)).toBeGreaterThan(of(radius, i) - 1e-9)
        for (let j = 0; j < i; j++) {
          const apart = Math.hypot(of(x, i) - of(x, j), of(y, i) - of(y, j), of(z, i) - of(z, j))
          if (apart <= of(radius, i) + of(radius, j)) throw new Error(`balls ${j} and ${i} touch at ${turn}`)
        }
      }
    }
  })
})

describe('a frame', () => {
  test('is RGB of the size asked for, and the same every time', () => {
    const pixels = renderFrame(small)
    expect(pixels).toHaveLength(3 * 48 * 27)
    expect(Buffer.from(renderFrame(small)).equals(pixels)).toBeTrue()
  })

  test('shows something: dark and bright, and colours', () => {
    const pixels = renderFrame(small)
    expect(Math.min(...pixels)).toBeLessThan(40)
    expect(Math.max(...pixels)).toBeGreaterThan(200)
    const colours = new Set<number>()
    for (let i = 0; i < pixels.length; i += 3) {
      colours.add(((pixels[i] ?? 0) << 16) | ((pixels[i + 1] ?? 0) << 8) | (pixels[i + 2] ?? 0))
    }
    expect(colours.size).toBeGreaterThan(500)
  })

  test('differs from the frame before it', () => {
    const [one, two] = [renderFrame(small), renderFrame({ ...small, frame: 2 })]
    const differing = one.filter((value, i) => value !== two[i]).length
    expect(differing).toBeGreaterThan(one.length / 10)
  })

  test('tells its progress, upwards to 1', () => {
    const heard: number[] = []
    renderFrame({ ...small, samples: 1 }, (done) => heard.push(done))
    expect(heard).toHaveLength(27)
    expect(heard).toEqual(heard.toSorted((a, b) => a - b))
    expect(heard.at(-1)).toBe(1)
  })

  test.each([
    [{ frame: 0 }, 'frame is 0: give a whole number from 1 to 48'],
    [{ frame: 49 }, 'frame is 49: give a whole number from 1 to 48'],
    [{ frames: 0.5 }, 'frames is 0.5'],
    [{ width: 0 }, 'width is 0'],
    [{ height: 1e9 }, 'height is 1000000000'],
    [{ samples: Number.NaN }, 'samples is NaN'],
  ])('is refused by name: %j', (wrong, message) => {
    expect(() => renderFrame({ ...small, ...wrong })).toThrow(message)
  })
})
