import { LRUCache } from 'lru-cache'

const one = (): number => 1

/**
 * The entries used last, so many at most. Unlike a cache that is made with its bound it takes no
 * memory before it is filled: each index has several, most of them small for ever.
 */
export const bounded = <Key extends {}, Value extends {}>(most: number): LRUCache<Key, Value> =>
  new LRUCache<Key, Value>({ maxSize: most, sizeCalculation: one })
