declare const mark: unique symbol

/** The name of what a push leaves while it is under way. Only this file makes one, so it is safe as a path segment. */
export type PushMark = string & { readonly [mark]: true }

/** How far a push has come: `pending` is not there for anybody yet, `done` is, with something left to do. */
export type PushState = 'pending' | 'done'

/** What the name of a push's mark tells. */
export interface PushTicket {
  /** 16 hex digits. */
  readonly id: string
  readonly state: PushState
  /** The process that works on it. */
  readonly owner: string
}

const shape = /^([0-9a-f]{16})~(pending|done)~([A-Za-z0-9._-]{1,120})\.json$/

/** The name of a push's mark. */
export const pushMark = ({ id, state, owner }: PushTicket): PushMark =>
  `${id}~${state}~${owner}.json` as PushMark

/** The name of the directory with what a push has put aside. */
export const pushAside = (id: string): PushMark => id as PushMark

/** The id of the push whose directory has this name; undefined when it is no such directory. */
export const asideId = (text: string): string | undefined =>
  /^[0-9a-f]{16}$/.test(text) ? text : undefined

/** What the name of a file tells if it is a push's mark. */
export const readPushMark = (text: string): PushTicket | undefined => {
  const [, id, state, owner] = shape.exec(text) ?? []
  return id === undefined || owner === undefined ?
      undefined
    : { id, state: state === 'done' ? 'done' : 'pending', owner }
}
