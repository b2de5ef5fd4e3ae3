import type { Flags } from '../shared/command/command.ts';

/** Of commands that write files which are made of others, and committed. */
export const COMMITTED = {
  check: { type: 'boolean', about: 'write nothing; exit code 1 when one is not what it is made of' },
  dir: { type: 'string', value: 'DIR', about: 'where they lie; functions' },
} as const satisfies Flags;
