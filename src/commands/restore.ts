import type { Command } from './command.ts'
import { onSelected, selectedOperands } from './selected.ts'

/** Brings deleted files back. */
export const restore: Command = {
  name: 'restore',
  group: 'Publishing',
  operands: selectedOperands,
  summary: 'bring deleted files back',
  details:
    'Brings back what delete took away, byte for byte and with the time of its upload. Exits with 1 ' +
    'when nothing of that was deleted, or when another file has the name by now.',
  examples: [
    ['proxypypi restore acme==1.2', 'a release'],
    ['proxypypi restore alice/dev acme==1.2', 'in the index alice/dev'],
    ['proxypypi explain acme', 'shows what was deleted'],
  ],
  execute: invocation =>
    onSelected(invocation, 'restored', (stage, name, selection) =>
      stage.restore(name, selection, undefined),
    ),
}
