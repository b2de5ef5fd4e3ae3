import { ROTATE_AFTER } from '../connector/invoices/mint.ts';
import { addAmpInvoice } from '../test/regtest/harness/invoices.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import { connectorAccess } from './lnd.ts';
import { type LndPair, openLndPair } from './pair.ts';
import type { Jar } from './processes/jar.ts';

const AT_ONCE = 20;
/** Payments that are not measured are hurried. */
const AT_ONCE_HURRIED = 60;
const SLICE = 50;

/** Tips of a creator up to which is paid, with the last `window` of them measured. */
const FULL = { marks: [200, 1_000, 5_000], window: 200, rotateAfter: ROTATE_AFTER };
const QUICK = { marks: [50, 200, 400], window: 50, rotateAfter: 100 };

/** Gives the payment request that a payer has before them. */
type Code = () => Promise<string>;
/** Milliseconds a payment: to one code printed before all, to the creator's current one, to one new at this mark. */
type Cost = Record<'printed' | 'current' | 'fresh', number> & { readonly tips: number };

/** Pay to several codes in turns, there and back, each code looked at once a slice. @returns milliseconds a payment */
async function payInTurns<Name extends string>(
  pay: LndPair['pay'],
  codes: Record<Name, Code>,
  { payments, atOnce }: { payments: number; atOnce: number },
): Promise<Record<Name, number>> {
  const names = Object.keys(codes) as Name[];
  const cost = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  for (let paid = 0; paid < payments; paid += SLICE) {
    for (const name of (paid / SLICE) % 2 === 0 ? names : names.toReversed()) {
      const code = await codes[name]();
      cost[name] += ((await pay(code, { payments: SLICE, atOnce })) * 1000) / payments;
    }
  }
  return cost;
}

async function run(setting: Setting): Promise<Row[]> {
  const { quick, folder, defer, note } = setting;
  const { marks, window, rotateAfter } = quick ? QUICK : FULL;
  const { jar: node, pay } = await openLndPair(setting);
  const access = await connectorAccess(node);
  const jar = await startChild<Jar>('jar', { dir: folder('jar'), access, rotateAfter });
  defer(() => jar.stop());
  const onPaper = await jar.ask('join', 'printed');
  await jar.ask('join', 'current');
  const { url } = await jar.ask('addresses');

  const seen = new Set<string>();
  const codes: Record<'printed' | 'current', Code> = {
    printed: async () => onPaper,
    current: async () => {
      const answer = await fetch(`${url}/v1/creators/current/invoice`);
      const { paymentRequest } = (await answer.json()) as { paymentRequest: string };
      seen.add(paymentRequest);
      return paymentRequest;
    },
  };
  const newCode = async (): Promise<Code> => {
    const { paymentRequest } = await addAmpInvoice(node);
    return async () => paymentRequest;
  };
  // The first payments of all find routes and warm both nodes up.
  await payInTurns(pay, { fresh: await newCode() }, { payments: 4 * SLICE, atOnce: AT_ONCE });

  const costs: Cost[] = [];
  let tips = 0;
  for (const mark of marks) {
    note(`paying up to tip ${mark}`);
    await payInTurns(pay, codes, { payments: mark - window - tips, atOnce: AT_ONCE_HURRIED });
    const all = { ...codes, fresh: await newCode() };
    costs.push({ tips: mark, ...(await payInTurns(pay, all, { payments: window, atOnce: AT_ONCE })) });
    tips = mark;
  }
  const upTo = ({ tips }: Cost) => `the ${window} payments up to tip ${tips.toLocaleString('en')}`;
  const [first, ...later] = costs as [Cost, ...Cost[]];
  const meanwhile = (code: 'printed' | 'current', cost: Cost) =>
    versus(`${code} code, ${upTo(cost)}`, 'ms', [cost[code]], ['a new code meanwhile', [cost.fresh]]);
  return [
    ...costs.map((cost) => meanwhile('printed', cost)),
    ...costs.map((cost) => meanwhile('current', cost)),
    ...later.map((cost) => {
      // The machine's moods over the minutes between two marks show in the cost of a new code; they are taken out.
      const settled = (cost.current * first.fresh) / cost.fresh;
      const what = `current code, ${upTo(cost)}, as new codes cost then`;
      return judged(versus(what, 'ms', [settled], ['the first ones', [first.current]]), { atMost: 1.1 });
    }),
    {
      what: `current codes seen, rotation after ${rotateAfter.toLocaleString('en')}`,
      value: seen.size,
      unit: '',
    },
  ];
}

export const growth: Bench = {
  name: 'growth',
  about: 'cost of a payment at lnd, with and without rotation of the invoice',
  lnd: 'all',
  run,
};
