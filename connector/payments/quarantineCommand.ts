import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { readFlags } from '../../shared/command/flags.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { isShown, shownText } from '../../shared/contract/shownText.ts';
import {
  type Aside,
  closeAside,
  forgetAside,
  type Lease,
  type Ledger,
  PAYMENT_KINDS,
  readAside,
  readAsides,
  readNodes,
} from '../../shared/ledger/index.ts';
import { underLease } from '../lease.ts';
import { OptionError, openLedger, PLACES, PLACES_HELP, runMain } from '../options.ts';
import { AsideError, bookAside, eventOf, settlementOf } from './quarantine.ts';

const HELP = `npm run asides -- COMMAND [flags]: events that could not be booked, kept whole

  list [--all]                 the open ones; with --all the closed ones, too
  show ID                      one of them, with the event that lnd sent
  book ID --reason TEXT        book its payment, on your word if it does not verify
  dismiss ID --reason TEXT     close it without booking
  forget ID                    take the content of a closed one away, with what its payer wrote, for good

  --node PUBKEY            whose events; needed when the table has several nodes
${PLACES_HELP.split('\n').slice(4).join('\n')}`;

const MOST_REASON = 500;

/** Text of payers and of strangers' nodes, so that no terminal can be played with. */
const plain = (text: string) =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

runMain(async (args, env) => {
  const { values, positionals } = readFlags(
    args,
    { ...PLACES, node: { type: 'string' }, reason: { type: 'string' }, all: { type: 'boolean' } },
    { allowPositionals: true },
  );
  const [command, id, ...rest] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  if (!['list', 'show', 'book', 'dismiss', 'forget'].includes(command) || rest.length > 0)
    throw new OptionError(`"${positionals.join(' ')}" is not a command; see --help`);
  const ledger = openLedger(values, env);
  try {
    const node = values.node ?? (await onlyNode(ledger));
    if (command === 'list') return await list(ledger, node, values.all ?? false);
    if (id === undefined)
      throw new OptionError(`${command}: the id is missing; npm run asides -- list shows them`);
    const aside = await readAside(ledger, node, id);
    if (!aside) throw new OptionError(`id: "${id}" is not one of the events of node ${node}`);
    if (command === 'show') {
      process.stdout.write(`${lines(aside)}\n${plain(eventOf(aside))}\n`);
      return 0;
    }
    if (command === 'forget') return await forget(ledger, node, aside);
    return await close(ledger, node, aside, command as 'book' | 'dismiss', values.reason);
  } finally {
    ledger.client.destroy();
  }
});

async function onlyNode(ledger: Ledger): Promise<string> {
  const nodes: string[] = [];
  for await (const node of readNodes(ledger)) nodes.push(node);
  if (nodes.length === 1) return nodes[0]!;
  if (nodes.length === 0) throw new OptionError('the table has seen no node yet');
  throw new OptionError(`--node: the table has several: ${nodes.join(', ')}`);
}

async function list(ledger: Ledger, node: string, all: boolean): Promise<number> {
  let shown = 0;
  for await (const aside of readAsides(ledger, node)) {
    if (!all && aside.status !== 'open') continue;
    shown++;
    process.stdout.write(`${lines(aside)}\n`);
  }
  if (shown === 0) process.stdout.write(all ? 'nothing was set aside\n' : 'nothing is open\n');
  return 0;
}

/** Do something under the lease of a node, as an operator. */
const leading = (ledger: Ledger, node: string, work: (lease: Lease) => Promise<void>) =>
  underLease({ ledger, sleep }, { node, holder: `asides ${randomBytes(4).toString('hex')}` }, work);

async function forget(ledger: Ledger, node: string, { id, status }: Aside): Promise<number> {
  if (status === 'open') throw new OptionError('id: it is open; book or dismiss it first');
  await leading(ledger, node, async (lease) => {
    await forgetAside(ledger, lease, id);
  });
  process.stdout.write(`forgot what ${id} told\n`);
  return 0;
}

async function close(
  ledger: Ledger,
  node: string,
  aside: Aside,
  command: 'book' | 'dismiss',
  reason: string | undefined,
): Promise<number> {
  if (reason === undefined || !isShown(reason, MOST_REASON))
    throw new OptionError(`--reason: expected why, ${shownText(MOST_REASON, reason)}`);
  if (aside.status !== 'open')
    throw new OptionError(`id: it was ${aside.status} before: ${plain(aside.note ?? '')}`);
  const clock = () => new Date();
  await leading(ledger, node, async (lease) => {
    if (command === 'dismiss') {
      await closeAside(ledger, lease, { id: aside.id, status: 'dismissed', note: reason, now: clock() });
      process.stdout.write(`dismissed ${aside.id}\n`);
      return;
    }
    const log = pino({ level: 'warn' }, pino.destination(2));
    const tip = await bookAside({ ledger, log, clock, random: randomBytes }, lease, aside, reason).catch(
      (error) => {
        if (error instanceof AsideError) throw new OptionError(`id: ${error.message}`);
        throw error;
      },
    );
    process.stdout.write(
      `booked ${tip.amountMsat} msat for ${tip.handle}, ${PAYMENT_KINDS[tip.via].id} ${tip.setId}\n`,
    );
  });
  return 0;
}

function lines(aside: Aside): string {
  const { id, status, reason, note, closedAt, cutFrom } = aside;
  const settlement = settlementOf(aside);
  return [
    `${id}  ${status}`,
    `  why      ${plain(reason)}`,
    ...(settlement
      ? [
          `  payment  ${settlement.amountMsat} msat to ${settlement.paymentAddr}, memo ${plain(JSON.stringify(settlement.memo))}`,
        ]
      : []),
    ...(cutFrom === undefined ? [] : [`  cut      to its start, from ${cutFrom} bytes`]),
    ...(note === undefined ? [] : [`  closed   ${closedAt?.toISOString()}: ${plain(note)}`]),
  ].join('\n');
}
