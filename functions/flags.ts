import type { Flags } from '../shared/command/command.ts';

export const OPENAPI = {
  check: { type: 'boolean', about: 'write nothing; exit code 1 when one is not what the schemas say' },
  dir: { type: 'string', value: 'DIR', about: 'where they lie; functions' },
} as const satisfies Flags;
