import type { Command } from './command.ts'
import { onSelected, selectedOperands } from './selected.ts'

/** Marks files as not to be chosen. */
export const yank: Command = {
  name: 'yank',
  group: 'Publishing',
  operands: selectedOperands,
  flags: ['reason'],
  summary: 'mark a release as broken',
  details:
    'Marks uploaded files as yanked: installers pass them over unless exactly that version is asked ' +
    'for, and show the reason. Running servers say so at once. Exits with 1 when there is no such ' +
    'file, or when it was not uploaded.',
  examples: [
    ['proxypypi yank acme==1.2 --reason "loses data"', 'a release, and why'],
    ['proxypypi yank acme-1.2-py3-none-any.whl', 'one file of it'],
    ['proxypypi yank alice/dev acme==1.2', 'in the index alice/dev'],
  ],
  execute: invocation => {
    const reason = invocation.flags.get('reason')?.at(-1) ?? ''
    return onSelected(invocation, 'yanked', (stage, name, selection) =>
      stage.yank(name, selection, reason === '' ? true : reason, undefined),
    )
  },
}

/** Takes a yank back. */
export const unyank: Command = {
  name: 'unyank',
  group: 'Publishing',
  operands: selectedOperands,
  summary: 'take that back',
  details:
    'Takes back what yank did. Exits with 1 when there is no such file, or when it was not uploaded.',
  examples: [
    ['proxypypi unyank acme==1.2', 'a release'],
    ['proxypypi unyank acme-1.2-py3-none-any.whl', 'one file'],
    ['proxypypi unyank alice/dev acme==1.2', 'in the index alice/dev'],
  ],
  execute: invocation =>
    onSelected(invocation, 'no longer yanked', (stage, name, selection) =>
      stage.unyank(name, selection, undefined),
    ),
}
