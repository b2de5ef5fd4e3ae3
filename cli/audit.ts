import { command } from '../shared/command/command.ts';
import { NODE } from './connector.ts';
import { passedTo } from './passed.ts';

/** The audit asks lnd and the table themselves, not the API. */
const FLAGS = {
  ...NODE,
  'dry-run': { type: 'boolean', about: 'tell, and book nothing' },
} as const;

export const auditCommands = [
  command({
    name: 'audit',
    words: [],
    flags: FLAGS,
    summary: 'hold the table against lnd’s own books, and book what it lacks; where the node is',
    more: 'Exit code 0 when they agree, 1 when they differ in anything, booked by now or not.',
    examples: ['audit --lnd-cert tls.cert --lnd-macaroon connector.macaroon --dry-run'],
    run: passedTo('connector/audit/auditCommand.ts'),
  }),
];
