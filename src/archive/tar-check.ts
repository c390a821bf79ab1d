import { ArchiveError } from './archive-error.ts'
import { checkPath, partsOf, shownPath } from './member-path.ts'
import type { TarHeader } from './tar-header.ts'

/**
 * Judges the members of a tar archive one after the other: files, directories, and links that stay
 * inside. What it lets pass, any reader unpacks into one place (fault P12, PEP 721).
 */
export class TarCheck {
  readonly #links = new Set<string>()
  readonly #tops = new Set<string>()
  readonly #mostTops: number

  /** @param mostTops how many directories or files there may be at the top */
  constructor(mostTops: number) {
    this.#mostTops = mostTops
  }

  /**
   * The parts of a member's path; none for the root itself.
   * @throws {ArchiveError} when the member is no plain one, or leads out of the archive
   */
  judge(member: TarHeader): string[] {
    checkPath(member.path)
    const parts = partsOf(member.path)
    if (!/^[01257]$/.test(member.type))
      throw new ArchiveError(
        `${shownPath(member.path)} is neither a plain file nor a directory or link`,
      )
    if (parts[0] !== undefined) this.#tops.add(parts[0])
    if (this.#tops.size > this.#mostTops)
      throw new ArchiveError('it has more than one top directory')
    if (this.#isBehindLink(parts))
      throw new ArchiveError(`${shownPath(member.path)} lies behind a link`)
    if (member.type === '1') this.#judgeHardLink(member)
    if (member.type === '2') this.#judgeSymbolicLink(member, parts)
    return parts
  }

  #isBehindLink(parts: readonly string[]): boolean {
    if (this.#links.size === 0) return false
    return parts.some((_, at) => at > 0 && this.#links.has(parts.slice(0, at).join('/')))
  }

  // To a symbolic link it would be the same link in another place, where it leads elsewhere.
  #judgeHardLink({ path, linkPath }: TarHeader): void {
    const target = partsOf(linkPath)
    checkPath(linkPath)
    this.#tops.add(target[0] ?? '')
    if (
      this.#tops.size > this.#mostTops ||
      this.#links.has(target.join('/')) ||
      this.#isBehindLink(target)
    )
      throw new ArchiveError(`${shownPath(path)} is a link that leads out of the archive`)
  }

  // Behind a name, `..` need not lead back to where the name stands, since that may be a link.
  #judgeSymbolicLink({ path, linkPath }: TarHeader, parts: readonly string[]): void {
    const target = partsOf(linkPath)
    const up = target.findIndex(part => part !== '..')
    const inside = up < 0 ? [] : target.slice(up)
    const depth = parts.length - 1 - (up < 0 ? target.length : up)
    const isOutside =
      linkPath === '' ||
      /^[/\\]|^[A-Za-z]:|\0/.test(linkPath) ||
      inside.some(part => part.split('\\').includes('..')) ||
      depth < (this.#mostTops === 1 ? 1 : 0)
    if (isOutside)
      throw new ArchiveError(`${shownPath(path)} is a link that leads out of the archive`)
    this.#links.add(parts.join('/'))
  }
}
