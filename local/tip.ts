import type { Asked, Outcome, Parts } from '../shared/command/command.ts';
import { mendable, UsageError } from '../shared/command/failures.ts';
import { readOptionalCount } from '../shared/command/numbers.ts';
import { AmountError, formatSat, parseSat } from '../shared/contract/money.ts';
import type { TIP } from './flags.ts';

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

/** Tip a creator with play money. */
export async function tip({ words, values }: Asked<typeof TIP>, { env, print }: Parts): Promise<Outcome> {
  const [handle = '', satoshi = '', message] = words;
  const at = values.url ?? (env.AMPJAR_URL || 'http://127.0.0.1:8080');
  if (!URL.canParse(at)) throw new UsageError(`--url, AMPJAR_URL: "${at}" is not a URL`);
  const shards = readOptionalCount('--shards', values.shards, 1, 100) ?? 1;
  const amountMsat = await mendable([AmountError], async () => parseSat('satoshi', satoshi));
  const order = { amountMsat: amountMsat.toString(), shards };
  const [name, host] = handle.split('@');
  const invoice =
    host === undefined
      ? { ...(await ampInvoice(at, handle, values.option)), message, url: at }
      : await ownInvoice({ name: name!, host, option: values.option, amountMsat, comment: message, print });
  const { url, ...paid } = invoice;
  const sent = await ask<Sent>(new URL('/dev/payments', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...order, ...paid }),
  });
  const { setId, paymentHash, preimage } = sent;
  if (setId) print(`set id    ${setId}`);
  if (paymentHash) print(`hash      ${paymentHash}\npreimage  ${preimage}`);
  for (const shard of sent.shards) print(`shard     ${formatSat(BigInt(shard))} sat`);
  return {};
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
  print: Parts['print'];
}) {
  const { name, host, option, amountMsat, comment, print } = to;
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
  print(`verify    ${verify}`);
  return { paymentRequest: pr, url };
}

async function lnurl<T>(url: URL): Promise<T> {
  const body = await ask<T & { status?: string; reason?: string }>(url);
  if (body.status === 'ERROR') throw new Error(body.reason);
  return body;
}
