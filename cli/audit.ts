import { command } from './command.ts';
import { passedTo } from './passed.ts';

/** The audit asks lnd and the table themselves, not the API. */
const FLAGS = {
  'lnd-host': {
    type: 'string',
    value: 'HOST:PORT',
    about: 'lnd’s gRPC, or AMPJAR_LND_HOST; localhost:10009',
  },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert, or AMPJAR_LND_CERT' },
  'lnd-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'the connector’s macaroon, or AMPJAR_LND_MACAROON',
  },
  table: { type: 'string', value: 'NAME', about: 'the table, or AMPJAR_TABLE; ampjar' },
  region: { type: 'string', value: 'REGION', about: 'its AWS Region, or AWS_REGION; us-east-1' },
  endpoint: { type: 'string', value: 'URL', about: 'where DynamoDB answers, or AMPJAR_ENDPOINT; AWS' },
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
    run: passedTo('connector/auditCommand.ts'),
  }),
];
