import { command } from '../shared/command/command.ts';
import { BACKUP, DEV_NODE, DEV_TABLE, SERVER_RUN, SERVER_SETUP, START, TIP } from './flags.ts';

/** All of Ampjar on a server of one's own, beside lnd. */
export const serverCommands = [
  command({
    name: 'server run',
    words: [],
    flags: SERVER_RUN,
    summary: 'the whole of Ampjar in one process beside lnd, without AWS',
    more: 'docs/self-hosting.md has it step by step.',
    examples: ['server run --origin https://tips.example --lnd-cert tls.cert --lnd-macaroon ampjar.macaroon'],
    run: async (asked, parts) => (await import('./start.ts')).start(asked, parts),
  }),
  command({
    name: 'server setup',
    words: [],
    flags: SERVER_SETUP,
    summary: 'set it up as a service beside lnd: macaroon, systemd unit',
    more: 'Exit code 0 when lnd is as it should be, 1 when something isn’t, 2 when it can’t begin.',
    examples: [
      'server setup --origin https://tips.example --admin-macaroon ~/.lnd/data/chain/bitcoin/mainnet/admin.macaroon',
      'server setup --origin https://tips.example --print',
    ],
    run: async (asked, parts) => (await import('./setup/command.ts')).setup(asked, parts),
  }),
  command({
    name: 'server backup',
    words: [],
    flags: BACKUP,
    summary: 'copy its table as it is at one moment, while it runs',
    more: 'Run it where the server runs, in the same container that is.',
    examples: ['server backup --data /var/lib/private/ampjar --to /var/backups/ampjar'],
    run: async (asked) => (await import('./backup.ts')).backup(asked),
  }),
];

/** What a developer starts on this machine. */
export const devCommands = [
  command({
    name: 'dev start',
    words: [],
    flags: START,
    summary: 'the whole of Ampjar in one process, on play money or beside an lnd',
    more: 'Without lnd’s certificate and macaroon it is play money: dev tip alice 2100 "Great post"',
    examples: ['dev start', 'dev start --port 0 --data /tmp/jar'],
    run: async (asked, parts) => (await import('./start.ts')).start(asked, parts),
  }),
  command({
    name: 'dev tip',
    words: ['HANDLE', 'SATOSHI', '[MESSAGE]'],
    flags: TIP,
    summary: 'tip a creator of dev start with play money',
    more: 'HANDLE pays the creator’s AMP invoice; alice@127.0.0.1:8080, a Lightning Address, an invoice of the payer’s own.',
    examples: ['dev tip alice 2100 "Great post" --shards 3'],
    run: async (asked, parts) => (await import('./tip.ts')).tip(asked, parts),
  }),
  command({
    name: 'dev node',
    words: [],
    flags: DEV_NODE,
    summary: 'the development node by itself, a jar and a payer with a channel between them',
    more: 'Prints where both are, with their files, as a line of JSON.',
    examples: ['dev node --data home/lnd --port 10009'],
    run: async (asked, parts) => (await import('./node/command.ts')).runNodes(asked, parts),
  }),
  command({
    name: 'dev table',
    words: [],
    flags: DEV_TABLE,
    summary: 'the embedded table by itself, for other processes of this machine',
    examples: ['dev table --data rehearsal --port 8000'],
    run: async (asked, parts) => (await import('./table/command.ts')).runTable(asked, parts),
  }),
];
