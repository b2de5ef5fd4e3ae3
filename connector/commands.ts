import { command } from '../shared/command/command.ts';
import { TABLE } from '../shared/place.ts';
import { ADOPT, AUDIT, QUARANTINE, QUARANTINE_CLOSE, QUARANTINE_LIST, RUN, SETUP } from './flags.ts';
import { bakeCommand } from './lnd/calls.ts';

const quarantine = () => import('./payments/quarantineCommands.ts');

/** What is done where the node is: these ask lnd and the table themselves. */
export const connectorCommands = [
  command({
    name: 'connector run',
    words: [],
    flags: RUN,
    summary: 'book what lnd settles, mint what the table wants',
    more: `Its macaroon allows what it does and no more, and is baked by
${bakeCommand()}`,
    examples: ['connector run --lnd-cert tls.cert --lnd-macaroon ampjar.macaroon --region eu-central-1'],
    run: async (asked, parts) => (await import('./run.ts')).run(asked, parts),
  }),
  command({
    name: 'connector setup',
    words: [],
    flags: SETUP,
    summary: 'set a connector up beside lnd: macaroon, environment, systemd unit',
    more: 'Exit code 0 when lnd, table and queue do, 1 when one doesn’t, 2 when it can’t begin.',
    examples: [
      'connector setup --lnd-cert ~/.lnd/tls.cert --admin-macaroon ~/.lnd/data/chain/bitcoin/mainnet/admin.macaroon',
      'connector setup --print',
    ],
    run: async (asked, parts) => (await import('./setup/command.ts')).setup(asked, parts),
  }),
  command({
    name: 'connector audit',
    words: [],
    flags: AUDIT,
    summary: 'hold the table against lnd’s own books, and book what it lacks',
    more: `What it lacks is booked under the lease of the node: a connector that runs stands by meanwhile.
Exit code 0 when they agree, 1 when they differ in anything, booked by now or not.`,
    examples: ['connector audit --lnd-cert tls.cert --lnd-macaroon connector.macaroon --dry-run'],
    run: async (asked, parts) => (await import('./audit/command.ts')).audit(asked, parts),
  }),
  command({
    name: 'connector quarantine list',
    words: [],
    flags: QUARANTINE_LIST,
    summary: 'events that could not be booked, kept whole',
    examples: ['connector quarantine list --all'],
    run: async (asked, parts) => (await quarantine()).list(asked, parts),
  }),
  command({
    name: 'connector quarantine show',
    words: ['ID'],
    flags: QUARANTINE,
    summary: 'one of them, with the event that lnd sent',
    examples: ['connector quarantine show ID'],
    run: async (asked, parts) => (await quarantine()).show(asked, parts),
  }),
  command({
    name: 'connector quarantine book',
    words: ['ID'],
    flags: QUARANTINE_CLOSE,
    summary: 'book its payment, on your word if it does not verify',
    examples: ['connector quarantine book ID --reason "seen in lnd’s own books"'],
    run: async (asked, parts) => (await quarantine()).book(asked, parts),
  }),
  command({
    name: 'connector quarantine dismiss',
    words: ['ID'],
    flags: QUARANTINE_CLOSE,
    summary: 'close it without booking',
    examples: ['connector quarantine dismiss ID --reason "a test"'],
    run: async (asked, parts) => (await quarantine()).dismiss(asked, parts),
  }),
  command({
    name: 'connector quarantine forget',
    words: ['ID'],
    flags: QUARANTINE,
    summary: 'take the content of a closed one away, with what its payer wrote, for good',
    examples: ['connector quarantine forget ID'],
    run: async (asked, parts) => (await quarantine()).forget(asked, parts),
  }),
  command({
    name: 'connector adopt',
    words: ['[PAYMENT_ADDRESS...]'],
    flags: ADOPT,
    summary: 'invoices at lnd that say they are ours and that the table does not know',
    more: `They are listed with why they are not believed and what was paid to each: made by a release whose memos had no MAC or under a
secret that is gone, and lost with a restored table; or made by someone else at the node. With --yes those that are named are
taken on your word: what is paid to them is their creator’s from then on, and what was paid is booked by the next audit.
Exit code 0, or 2 when one that is named can’t be taken.`,
    examples: [
      'connector adopt --lnd-cert tls.cert --lnd-macaroon connector.macaroon',
      `connector adopt ${'5e'.repeat(32)} --yes --lnd-cert tls.cert --lnd-macaroon connector.macaroon`,
    ],
    run: async (asked, parts) => (await import('./invoices/adoptCommand.ts')).adopt(asked, parts),
  }),
  command({
    name: 'connector rotate-secret',
    words: [],
    flags: TABLE,
    summary: 'another secret for the memos of invoices, after a leak',
    more: `Memos that were written under the one before don’t verify any more: invoices that the table knows are booked by it as ever, and
those that it would lose with a restore are found by connector adopt alone. Connectors that run take it up within seconds.`,
    examples: ['connector rotate-secret --table ampjar --region eu-central-1'],
    run: async (asked, parts) =>
      (await import('./invoices/rotateSecretCommand.ts')).rotateSecret(asked, parts),
  }),
];
