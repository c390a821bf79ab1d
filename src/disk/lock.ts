/**
 * Locks save work; renames decide. Two processes that meet one stale lock may both get it
 * (proper-lockfile's takeover is not exclusive), so whatever is done under a lock must also be
 * right without it.
 */
import fs, { mkdirSync, statSync, utimesSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { hasCode } from './error-code.ts'

/** Milliseconds after which a lock that nobody touches counts as abandoned. */
export const stale = 10_000

/** Gives a lock back; never throws. */
export type Release = () => Promise<void>

/**
 * Takes the lock at this path (see `Layout.lock`) if it is free.
 * @returns undefined when somebody holds it
 */
export const tryLock = async (path: string): Promise<Release | undefined> => {
  try {
    const release = await take(path)
    return () => release().catch(() => {})
  } catch (error) {
    if (hasCode(error, 'ELOCKED')) return undefined
    throw error
  }
}

type Done = (error: unknown, result?: unknown) => void

const called =
  <Given extends unknown[]>(act: (...given: Given) => unknown) =>
  (...given: [...Given, Done]): void => {
    const done = given.pop() as Done
    let result: unknown
    try {
      result = act(...(given as unknown as Given))
    } catch (error) {
      return done(error)
    }
    done(null, result)
  }

// See `at-once.ts`; to remove a directory may wait for the disk.
const atOnce = {
  ...fs,
  mkdir: called(mkdirSync),
  stat: called(statSync),
  utimes: called(utimesSync),
}

const take = async (path: string): Promise<() => Promise<void>> => {
  const options = {
    fs: atOnce,
    realpath: false,
    lockfilePath: path,
    stale,
    update: stale / 5,
    // The default would throw from a timer. Nothing depends on holding the lock, so nothing is done.
    onCompromised: () => {},
  }
  try {
    return await lockfile.lock(path, options)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true })
    return lockfile.lock(path, options)
  }
}

/**
 * Takes the lock at this path, waiting while somebody holds it, at most so many milliseconds: longer
 * than `stale`, so that what a killed process left behind is waited for.
 * @returns undefined when it is still held then
 */
export const lockSoon = async (
  path: string,
  patience: number = stale + 4000,
): Promise<Release | undefined> => {
  const begun = performance.now()
  for (let pause = 4; ; pause = Math.min(pause * 2, 100)) {
    const release = await tryLock(path)
    if (release !== undefined) return release
    if (performance.now() - begun > patience) return undefined
    // At random, so that those who wait do not all come at once.
    await new Promise(resolve => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
}

/** Removes a lock whose owner is known to be dead, so that nobody waits until it is stale. */
export const breakLock = (path: string): Promise<void> => rm(path, { recursive: true, force: true })
