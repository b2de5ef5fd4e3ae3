import { isFlagError, readFlags } from '../shared/command/flags.ts';
import { formatSat, parseSat } from '../shared/contract/money.ts';

const HELP = `npm run tip -- <handle> <satoshi> [message] [flags]: tips a creator of npm start with play money

  <handle>       pays the creator's AMP invoice; alice@127.0.0.1:8080, a Lightning Address, an invoice of the payer's own

  --url URL      where npm start listens, or AMPJAR_URL; default http://127.0.0.1:8080
  --option ID    a tip option of the creator, the open one by default
  --shards N     how many shards to split the payment into, 1 to 100, default 1
`;

/** What was typed can't be done; the message says why. */
class UsageError extends Error {}

/** A payment of many shards takes seconds. */
const PATIENCE_MS = 60_000;

async function ask<T>(url: URL, init?: RequestInit): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const late = `${url.origin} did not answer within ${PATIENCE_MS / 1000} seconds`;
  const response = await fetch(url, { ...init, signal }).catch(() => {
    throw new Error(
      signal.aborted ? late : `--url, AMPJAR_URL: nothing answers at ${url.origin}; is npm start running?`,
    );
  });
  const body: unknown = await response.json().catch(() => {
    if (signal.aborted) throw new Error(late);
    return {};
  });
  if (response.ok) return body as T;
  const { detail, title } = body as { detail?: string; title?: string };
  throw new Error(detail ?? title ?? `${url.pathname} answered ${response.status}`);
}

async function main() {
  const { values, positionals } = readFlags(
    process.argv.slice(2),
    {
      url: { type: 'string', default: process.env.AMPJAR_URL || 'http://127.0.0.1:8080' },
      option: { type: 'string' },
      shards: { type: 'string', default: '1' },
    },
    { allowPositionals: true },
  );
  if (values.help) return void process.stdout.write(HELP);
  const [handle, satoshi, message, ...more] = positionals;
  if (handle === undefined || satoshi === undefined || more.length > 0)
    throw new UsageError(
      `${handle === undefined ? 'handle' : satoshi === undefined ? 'satoshi' : 'message'}: expected a handle, satoshi and one message at most; see --help`,
    );
  if (!URL.canParse(values.url)) throw new UsageError(`--url, AMPJAR_URL: "${values.url}" is not a URL`);
  if (!/^([1-9]\d?|100)$/.test(values.shards))
    throw new UsageError(`--shards: "${values.shards}" is not 1 to 100`);
  const amountMsat = parseSat('satoshi', satoshi);
  const order = { amountMsat: amountMsat.toString(), shards: Number(values.shards) };
  const [name, host] = handle.split('@');
  const invoice =
    host === undefined
      ? { ...(await ampInvoice(values.url, handle, values.option)), message, url: values.url }
      : await ownInvoice({ name: name!, host, option: values.option, amountMsat, comment: message });
  const { url, ...paid } = invoice;
  const sent = await ask<Sent>(new URL('/dev/payments', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...order, ...paid }),
  });
  const { setId, paymentHash, preimage, shards } = sent;
  if (setId) process.stdout.write(`set id    ${setId}\n`);
  if (paymentHash) process.stdout.write(`hash      ${paymentHash}\npreimage  ${preimage}\n`);
  for (const shard of shards) process.stdout.write(`shard     ${formatSat(BigInt(shard))} sat\n`);
}

type Sent = { setId?: string; paymentHash?: string; preimage?: string; shards: string[] };

async function ampInvoice(url: string, handle: string, option: string | undefined) {
  const at = new URL(`/v1/creators/${encodeURIComponent(handle)}/invoice`, url);
  if (option !== undefined) at.searchParams.set('option', option);
  const { paymentRequest } = await ask<{ paymentRequest: string }>(at);
  return { paymentRequest };
}

/** Ask for an invoice as a wallet does that was given a Lightning Address. @see LUD-06, LUD-16 */
async function ownInvoice(to: {
  name: string;
  host: string;
  option: string | undefined;
  amountMsat: bigint;
  comment: string | undefined;
}) {
  const { name, host, option, amountMsat, comment } = to;
  const url = `http://${host}`;
  if (!URL.canParse(url)) throw new UsageError(`address: "${host}" is not a host`);
  const at = new URL(`/.well-known/lnurlp/${encodeURIComponent(name)}`, url);
  if (option !== undefined) at.searchParams.set('option', option);
  const request = await lnurl<{ callback: string; minSendable: number; maxSendable: number }>(at);
  const { callback, minSendable, maxSendable } = request;
  if (amountMsat < BigInt(minSendable) || amountMsat > BigInt(maxSendable))
    throw new UsageError(`satoshi: ${name} takes ${minSendable / 1000} to ${maxSendable / 1000}`);
  const asking = new URL(callback);
  asking.searchParams.set('amount', amountMsat.toString());
  if (comment !== undefined) asking.searchParams.set('comment', comment);
  const { pr, verify } = await lnurl<{ pr: string; verify: string }>(asking);
  process.stdout.write(`verify    ${verify}\n`);
  return { paymentRequest: pr, url };
}

async function lnurl<T>(url: URL): Promise<T> {
  const body = await ask<T & { status?: string; reason?: string }>(url);
  if (body.status === 'ERROR') throw new Error(body.reason);
  return body;
}

main().catch((error: Error & { code?: string }) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(error instanceof UsageError || error.name === 'AmountError' || isFlagError(error) ? 2 : 1);
});
