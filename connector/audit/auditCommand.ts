import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { readFlags } from '../../shared/command/flags.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { bookTips, readNode } from '../../shared/ledger/index.ts';
import { Alarms } from '../health/alarms.ts';
import { impatiently } from '../invoices/attribution.ts';
import { readMemos } from '../invoices/memo.ts';
import { UnknownNodeError, underLease } from '../lease.ts';
import { connectLnd } from '../lnd/client.ts';
import type { SettledPayment, Unreadable } from '../lnd/contract.ts';
import { openLedger, PLACES, PLACES_HELP, readLndAccess, runMain } from '../options.ts';
import { entryOf, unreadableEntry } from '../payments/entry.ts';
import { ofEachKind } from '../payments/kinds.ts';
import { readCredentials } from '../system.ts';
import { type AuditParts, type Discrepancies, discrepanciesIn, sumOf } from './audit.ts';

const HELP = `npm run audit -- [flags]: holds the table against lnd's own books, all invoices of the node

What the table lacks is booked, under the lease of the node: a connector that runs stands by meanwhile.
Exit code 0 when they agree, 1 when they differ in anything, booked by now or not.

${PLACES_HELP}  --dry-run                tell, and book nothing
`;

/** A connector that is booking gets this long before something counts as missing. */
const LOOK_AGAIN_MS = 5_000;
const TELL_EVERY = 1_000;

const nothing = async () => {};
const clock = () => new Date();
runMain(async (args, env) => {
  const { values } = readFlags(args, { ...PLACES, 'dry-run': { type: 'boolean' } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const access = await readLndAccess(values, env);
  const ledger = openLedger(values, env);
  const log = pino(pino.destination(2));
  const lnd = connectLnd(await readCredentials(access));
  try {
    const { node } = await lnd.getInfo();
    if (!(await readNode(ledger, node))) throw new UnknownNodeError(`the table does not know node ${node}`);
    const memos = await readMemos(ledger, node, randomBytes);
    const progress = ({ invoices }: Discrepancies) => {
      if (invoices % TELL_EVERY === 0) process.stderr.write(`${invoices} invoices looked at\n`);
    };
    const look = async (of: Pick<AuditParts, 'alarms' | 'caughtUp' | 'found'>) => {
      const parts = { ledger, lnd, node, memos, countsFirst: true, gone: nothing, save: nothing, ...of };
      const drifts: Discrepancies[] = [];
      for (const audit of Object.values(ofEachKind((handler) => handler.audit(parts, { plainIndex: 0n }))))
        drifts.push(await audit.runAll(progress));
      return sumOf(drifts);
    };
    const caughtUp = () => sleep(LOOK_AGAIN_MS);
    const drift = await look({ alarms: new Alarms(log), caughtUp, found: nothing });
    let booked = 0;
    if (drift.missingSets > 0 && !values['dry-run']) {
      const holder = `audit ${randomBytes(4).toString('hex')}`;
      await underLease({ ledger, sleep }, { node, holder }, async (lease) => {
        const parts = impatiently({ ledger, lease, memos, log, clock });
        const owners = ofEachKind((handler) => handler.owners(parts));
        const found = async (payment: SettledPayment | Unreadable) => {
          const entry =
            'reason' in payment
              ? unreadableEntry(payment)
              : entryOf(payment, await owners[payment.kind].of(payment.settlement));
          if (!entry || 'unverified' in entry) return;
          const batch = 'reason' in entry ? { tips: [], asides: [entry] } : { tips: [entry], asides: [] };
          booked += (await bookTips(ledger, lease, batch)).tips.length;
        };
        // Told of already; under the lease nobody else books, so nothing is waited for.
        const silent = new Alarms({ info() {}, warn() {}, error() {} });
        await look({ alarms: silent, caughtUp: nothing, found });
      });
    }
    process.stdout.write(report(node, drift, booked));
    return discrepanciesIn(drift) > 0 ? 1 : 0;
  } finally {
    lnd.close();
    ledger.client.destroy();
  }
});

const report = (node: string, drift: Discrepancies, booked: number) => `node      ${node}
invoices  ${drift.invoices}
missing   ${drift.missingSets} tips, ${drift.missingMsat} msat: at lnd, and not in the table
booked    ${booked} of them now
surplus   ${drift.surplusSets} tips: in the table, and not at lnd
differing ${drift.differing} tips and invoices: in the table with other amounts than at lnd
gone      ${drift.goneInvoices} invoices: in the table, and not at lnd
`;
