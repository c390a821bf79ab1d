import type { Target } from './environment.ts'
import { parsePlatform, type PlatformVersion } from './platform.ts'
import { supportedBy, wheelTags, type WheelTags } from './tags.ts'

/** A tag of a wheel that the target supports. */
interface Fit {
  /** 0 the best. */
  readonly rank: number
  readonly least: PlatformVersion | undefined
}

const isWithin = (least: PlatformVersion | undefined, [major, minor]: PlatformVersion): boolean =>
  least === undefined || least[0] < major || (least[0] === major && least[1] <= minor)

const numbered = <Key>(keys: readonly Key[]): Map<Key, number> =>
  new Map(keys.map((key, index) => [key, index]))

interface Wheel<Name extends string> {
  readonly filename: Name
  readonly build: WheelTags['build']
  readonly fits: readonly Fit[]
}

const byBuild = (one: WheelTags['build'], two: WheelTags['build']): number => {
  const [oneNumber, oneRest] = one ?? [-1, '']
  const [twoNumber, twoRest] = two ?? [-1, '']
  if (oneNumber !== twoNumber) return twoNumber - oneNumber
  return (
    oneRest === twoRest ? 0
    : oneRest < twoRest ? 1
    : -1
  )
}

// Infinity: the wheel does not fit at all.
const rankOn = (machine: PlatformVersion, fits: readonly Fit[]): number =>
  Math.min(...fits.filter(({ least }) => isWithin(least, machine)).map(({ rank }) => rank))

/** What a machine with this version of its system installs, as pip sorts. */
const bestOn = <Name extends string>(
  machine: PlatformVersion,
  wheels: readonly Wheel<Name>[],
): Name | undefined =>
  wheels
    .map(wheel => ({ ...wheel, rank: rankOn(machine, wheel.fits) }))
    .filter(({ rank }) => rank !== Infinity)
    .toSorted((a, b) => a.rank - b.rank || byBuild(a.build, b.build))[0]?.filename

/** What some wheels are to the machines of a target. */
export interface Choice<Name extends string> {
  /** Those that one of these machines would install, the best for the newest machine first. */
  readonly wheels: readonly Name[]
  /** False when there are such machines for which no wheel fits, so that they need the source. */
  readonly everywhere: boolean
}

/** Tells which wheels the machines of a target install, as pip chooses. */
export class WheelChoice {
  readonly #pythons: ReadonlyMap<string, number> | undefined
  readonly #pure: ReadonlyMap<string, number> | undefined
  readonly #platforms:
    ReadonlyMap<string, { index: number; least: PlatformVersion | undefined }> | undefined
  readonly #oldest: PlatformVersion

  constructor(target: Target) {
    const { pythons, pure, platforms } = supportedBy(target)
    this.#pythons = pythons && numbered(pythons)
    this.#pure = pure && numbered(pure)
    this.#platforms =
      platforms && new Map(platforms.map(({ tag, least }, index) => [tag, { index, least }]))
    this.#oldest = parsePlatform(target.platform)?.oldest ?? [0, 0]
  }

  /**
   * How well a wheel fits, 0 the best, the place in the list of supported tags; undefined when it
   * does not. For a target with an `any` in it every wheel that fits is as good as another.
   */
  rank(filename: string): number | undefined {
    const fits = this.#fits(wheelTags(filename))
    return fits.length === 0 ? undefined : Math.min(...fits.map(({ rank }) => rank))
  }

  /** The wheels that machines of the target install: one, or several where machines differ. */
  choose<Name extends string>(filenames: readonly Name[]): Choice<Name> {
    const wheels = filenames
      .map(filename => this.#wheel(filename))
      .filter(({ fits }) => fits.length > 0)
    if (this.#isOpen)
      return { wheels: wheels.map(({ filename }) => filename), everywhere: wheels.length > 0 }
    const chosen = this.#machines(wheels).map(machine => bestOn(machine, wheels))
    return {
      wheels: [...new Set(chosen.filter(wheel => wheel !== undefined))],
      everywhere: chosen.every(wheel => wheel !== undefined),
    }
  }

  #wheel<Name extends string>(filename: Name): Wheel<Name> {
    const tags = wheelTags(filename)
    return { filename, build: tags?.build, fits: this.#fits(tags) }
  }

  // Between two versions that the wheels name, all machines choose alike.
  #machines(wheels: readonly Wheel<string>[]): PlatformVersion[] {
    const named = wheels.flatMap(({ fits }) => fits.map(({ least }) => least ?? this.#oldest))
    return [...named, this.#oldest]
      .filter(machine => isWithin(this.#oldest, machine))
      .toSorted((a, b) => b[0] - a[0] || b[1] - a[1])
  }

  get #isOpen(): boolean {
    return this.#pythons === undefined || this.#platforms === undefined
  }

  #fits(tags: WheelTags | undefined): Fit[] {
    if (tags === undefined) return []
    const { pythons, abis, platforms } = tags
    return pythons.flatMap(python =>
      abis.flatMap(abi =>
        platforms.flatMap(platform => this.#fit(`${python}-${abi}`, platform) ?? []),
      ),
    )
  }

  #fit(python: string, platform: string): Fit | undefined {
    const open = this.#isOpen
    if (platform === 'any') {
      const index = this.#pure === undefined ? 0 : this.#pure.get(python)
      if (index === undefined) return undefined
      const before = (this.#pythons?.size ?? 0) * (this.#platforms?.size ?? 0)
      return { rank: open ? 0 : before + index, least: undefined }
    }
    const found =
      this.#platforms === undefined ? { index: 0, least: undefined } : this.#platforms.get(platform)
    const index = this.#pythons === undefined ? 0 : this.#pythons.get(python)
    if (found === undefined || index === undefined) return undefined
    const size = this.#platforms?.size ?? 0
    return { rank: open ? 0 : index * size + found.index, least: open ? undefined : found.least }
  }
}
