import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { bookTips, type Lease, type NewTip, readNode } from '../shared/ledger/index.ts';
import { Alarms } from './alarms.ts';
import { Attribution } from './attribution.ts';
import { Audit, type Drift, isDrift } from './audit.ts';
import { entryOf } from './hearing.ts';
import { UnknownNodeError, underLease } from './leading.ts';
import { connectLnd, type Told } from './lnd.ts';
import { ROTATE_AFTER } from './minting.ts';
import { openLedger, PLACES, PLACES_HELP, readLndAccess, runMain } from './options.ts';
import { readCredentials } from './system.ts';

const HELP = `npm run audit -- [flags]: holds the table against lnd's own books, all invoices of the node

What the table lacks is booked, under the lease of the node: a connector that runs stands by meanwhile.
Exit code 0 when nothing was missing or too much, 1 when something was, booked or not.

${PLACES_HELP}  --dry-run                tell, and book nothing
`;

/** A connector that is booking gets this long before something counts as missing. */
const LOOK_AGAIN_MS = 5_000;
const TELL_EVERY = 1_000;

const sleep = (ms: number, signal?: AbortSignal) =>
  setTimeout(ms, undefined, signal ? { signal } : {}).catch(() => {});

runMain(async (args, env) => {
  const { values } = parseArgs({ args, options: { ...PLACES, 'dry-run': { type: 'boolean' } } });
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
    const missing: Told[] = [];
    const audit = new Audit({
      ledger,
      lnd,
      alarms: new Alarms(log),
      node,
      caughtUp: () => sleep(LOOK_AGAIN_MS),
      found: async ({ settlement, raw }) => void missing.push({ settlement, raw }),
      gone: async () => {},
    });
    const drift = await audit.runAll(({ invoices }) => {
      if (invoices % TELL_EVERY === 0) process.stderr.write(`${invoices} invoices looked at\n`);
    });
    const book = async (lease: Lease) => {
      const parts = { ledger, lease, log, clock: () => new Date(), rotateAfter: ROTATE_AFTER };
      const attribution = new Attribution({ ...parts, patiently: (write) => write() });
      let booked = 0;
      for (const told of missing) {
        const entry = entryOf(told, await attribution.of(told.settlement));
        if (!entry) continue;
        const tips: NewTip[] = 'reason' in entry ? [] : [entry];
        const asides = 'reason' in entry ? [entry] : [];
        booked += (await bookTips(ledger, lease, { tips, asides })).tips.length;
      }
      return booked;
    };
    const holder = `audit ${randomBytes(4).toString('hex')}`;
    const booked =
      missing.length > 0 && !values['dry-run']
        ? await underLease({ ledger, sleep }, { node, holder }, book)
        : 0;
    process.stdout.write(report(node, drift, booked));
    return isDrift(drift) ? 1 : 0;
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
gone      ${drift.goneInvoices} invoices: in the table, and not at lnd
`;
