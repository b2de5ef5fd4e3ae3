import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { readFlags } from '../../shared/command/flags.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { type AsideEvent, bookTips, type NewTip, readNode } from '../../shared/ledger/index.ts';
import { Alarms } from '../health/alarms.ts';
import { attributionOnce, type Unverified } from '../invoices/attribution.ts';
import { readMemos } from '../invoices/memo.ts';
import { UnknownNodeError, underLease } from '../lease.ts';
import { connectLnd } from '../lnd/client.ts';
import type { Told, ToldPlain, Unreadable } from '../lnd/contract.ts';
import { openLedger, PLACES, PLACES_HELP, readLndAccess, runMain } from '../options.ts';
import { plainEntryOf } from '../payments/bolt11.ts';
import { asideOf, entryOf } from '../payments/hearing.ts';
import { readCredentials } from '../system.ts';
import { Audit, type AuditParts, type Drift, driftOf } from './audit.ts';
import { auditPlain } from './plainAudit.ts';

const HELP = `npm run audit -- [flags]: holds the table against lnd's own books, all invoices of the node

What the table lacks is booked, under the lease of the node: a connector that runs stands by meanwhile.
Exit code 0 when they agree, 1 when they differ in anything, booked by now or not.

${PLACES_HELP}  --dry-run                tell, and book nothing
`;

/** A connector that is booking gets this long before something counts as missing. */
const LOOK_AGAIN_MS = 5_000;
const TELL_EVERY = 1_000;

type FoundPlain = (told: ToldPlain | Unreadable) => Promise<void>;

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
    const progress = ({ invoices }: Drift) => {
      if (invoices % TELL_EVERY === 0) process.stderr.write(`${invoices} invoices looked at\n`);
    };
    const look = async (of: Pick<AuditParts, 'alarms' | 'caughtUp' | 'found'>, foundPlain: FoundPlain) => {
      const parts = { ledger, lnd, node, memos, countsFirst: true, ...of };
      const drift = await new Audit({ ...parts, gone: nothing }).runAll(progress);
      await auditPlain({ ...parts, found: foundPlain }, 0n, drift);
      return drift;
    };
    const caughtUp = () => sleep(LOOK_AGAIN_MS);
    const drift = await look({ alarms: new Alarms(log), caughtUp, found: nothing }, nothing);
    let booked = 0;
    if (drift.missingSets > 0 && !values['dry-run']) {
      const holder = `audit ${randomBytes(4).toString('hex')}`;
      await underLease({ ledger, sleep }, { node, holder }, async (lease) => {
        const attribution = attributionOnce({ ledger, lease, memos, log, clock });
        const book = async (entry: NewTip | AsideEvent | Unverified | undefined) => {
          if (!entry || 'unverified' in entry) return;
          const batch = 'reason' in entry ? { tips: [], asides: [entry] } : { tips: [entry], asides: [] };
          booked += (await bookTips(ledger, lease, batch)).tips.length;
        };
        const found = async (told: Told | Unreadable) =>
          book('reason' in told ? asideOf(told) : entryOf(told, await attribution.of(told.settlement)));
        const foundPlain = async (told: ToldPlain | Unreadable) =>
          book('reason' in told ? asideOf(told) : await plainEntryOf({ ledger, memos }, told));
        // Told of already; under the lease nobody else books, so nothing is waited for.
        const silent = new Alarms({ info() {}, warn() {}, error() {} });
        await look({ alarms: silent, caughtUp: nothing, found }, foundPlain);
      });
    }
    process.stdout.write(report(node, drift, booked));
    return driftOf(drift) > 0 ? 1 : 0;
  } finally {
    lnd.close();
    ledger.client.destroy();
  }
});

const report = (node: string, drift: Drift, booked: number) => `node      ${node}
invoices  ${drift.invoices}
missing   ${drift.missingSets} tips, ${drift.missingMsat} msat: at lnd, and not in the table
booked    ${booked} of them now
surplus   ${drift.surplusSets} tips: in the table, and not at lnd
differing ${drift.differing} tips and invoices: in the table with other amounts than at lnd
gone      ${drift.goneInvoices} invoices: in the table, and not at lnd
`;
