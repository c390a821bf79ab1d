import type { Form } from '../../http/form.ts'
import type { Reply } from '../../http/reply.ts'
import type { Opened } from '../../index/registry.ts'
import type { Stage } from '../../index/stage.ts'
import type { Name } from '../../spec/project-name.ts'
import type { DevpiRequest } from './request.ts'

/** One form that was sent to an index which takes some. */
export interface Posted {
  readonly request: DevpiRequest
  readonly index: Opened
  readonly stage: Stage
  readonly form: Form
  /** @throws {Refusal} 401 or 403 unless this project may be changed, too */
  readonly admit: (name: Name) => void
}

/** What uploaders take for success: this very status, whatever the reason phrase says. */
export const done = (reason?: string): Reply => ({
  status: 200,
  reason,
  headers: ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store'],
})
