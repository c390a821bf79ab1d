/** A memory of what can be had again, from the disk most often, so that it may be emptied at any time. */
export interface Spare {
  clear(): void
}

const all = new Set<WeakRef<Spare>>()

/** Returns the memory, which is emptied from now on by `clearSpare`; for one that costs some time to fill. */
export const spare = <Memory extends Spare>(memory: Memory): Memory => {
  all.add(new WeakRef(memory))
  return memory
}

/** Empties every memory that can be spared. */
export const clearSpare = (): void => {
  for (const reference of all) {
    const memory = reference.deref()
    if (memory === undefined) all.delete(reference)
    else memory.clear()
  }
}
