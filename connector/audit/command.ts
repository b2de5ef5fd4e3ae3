import { randomBytes } from 'node:crypto';
import pino from 'pino';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { bookTips } from '../../shared/ledger/index.ts';
import type { AUDIT } from '../flags.ts';
import { Alarms } from '../health/alarms.ts';
import { impatiently } from '../invoices/attribution.ts';
import { underLease } from '../lease.ts';
import type { SettledPayment, Unreadable } from '../lnd/contract.ts';
import { onNode } from '../onNode.ts';
import { receivedEntryOf } from '../payments/entry.ts';
import { ofEachKind } from '../payments/kinds.ts';
import { type AuditParts, type Discrepancies, discrepanciesIn, sumOf } from './audit.ts';

/** A connector that is booking gets this long before something counts as missing. */
const LOOK_AGAIN_MS = 5_000;
const TELL_EVERY = 1_000;

const nothing = async () => {};
const clock = () => new Date();

/** Hold the table against lnd's books. */
export const audit = ({ values }: Asked<typeof AUDIT>, { env, warn }: Parts): Promise<Outcome> =>
  onNode(values, env, async ({ ledger, lnd, node, memos }) => {
    const log = pino(pino.destination(2));
    const progress = ({ invoices }: Discrepancies) => {
      if (invoices % TELL_EVERY === 0) warn(`${invoices} invoices looked at`);
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
          const entry = await receivedEntryOf(payment, owners);
          if (!entry || 'unverified' in entry) return;
          const batch =
            'reason' in entry ? { tips: [], quarantined: [entry] } : { tips: [entry], quarantined: [] };
          booked += (await bookTips(ledger, lease, batch)).tips.length;
        };
        // Told of already; under the lease nobody else books, so nothing is waited for.
        const silent = new Alarms({ info() {}, warn() {}, error() {} });
        await look({ alarms: silent, caughtUp: nothing, found });
      });
    }
    return {
      body: bodyOf(node, drift, booked),
      text: report(node, drift, booked),
      code: discrepanciesIn(drift) > 0 ? 1 : 0,
    };
  });

const bodyOf = (node: string, drift: Discrepancies, booked: number) => ({
  node,
  invoices: drift.invoices,
  missing: { count: drift.missingSets, amountMsat: drift.missingMsat.toString() },
  booked,
  surplus: drift.surplusSets,
  differing: drift.differing,
  gone: drift.goneInvoices,
});

const report = (node: string, drift: Discrepancies, booked: number) => `node      ${node}
invoices  ${drift.invoices}
missing   ${drift.missingSets} tips, ${drift.missingMsat} msat: at lnd, and not in the table
booked    ${booked} of them now
surplus   ${drift.surplusSets} tips: in the table, and not at lnd
differing ${drift.differing} tips and invoices: in the table with other amounts than at lnd
gone      ${drift.goneInvoices} invoices: in the table, and not at lnd`;
