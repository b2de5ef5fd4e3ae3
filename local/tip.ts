import { parseArgs } from 'node:util';
import { formatSat, parseSat } from '../shared/money.ts';

const HELP = `npm run tip -- <handle> <satoshi> [message] [flags]: tips a creator of npm start with play money

  --url URL      where npm start listens, default http://127.0.0.1:8080
  --option ID    a tip option of the creator, the open one by default
  --shards N     how many shards to split the payment into, 1 to 100, default 1
`;

/** What was typed can't be done; the message says why. */
class UsageError extends Error {}

async function ask(url: URL, init?: RequestInit): Promise<any> {
  const response = await fetch(url, init).catch(() => {
    throw new Error(`--url: nothing answers at ${url.origin}; is npm start running?`);
  });
  const body: any = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Error(body.detail ?? body.title ?? `${url.pathname} answered ${response.status}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      option: { type: 'string' },
      shards: { type: 'string', default: '1' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [handle, satoshi, message, ...more] = positionals;
  if (handle === undefined || satoshi === undefined || more.length > 0) throw new UsageError(HELP.trimEnd());
  if (!URL.canParse(values.url)) throw new UsageError(`--url: "${values.url}" is not a URL`);
  if (!/^([1-9]\d?|100)$/.test(values.shards))
    throw new UsageError(`--shards: "${values.shards}" is not 1 to 100`);
  const amountMsat = parseSat('satoshi', satoshi);
  const at = new URL(`/v1/creators/${encodeURIComponent(handle)}/invoice`, values.url);
  if (values.option !== undefined) at.searchParams.set('option', values.option);
  const { paymentRequest } = await ask(at);
  const sent = await ask(new URL('/dev/payments', values.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      paymentRequest,
      amountMsat: amountMsat.toString(),
      message,
      shards: Number(values.shards),
    }),
  });
  process.stdout.write(`set id  ${sent.setId}\n`);
  for (const shard of sent.shards) process.stdout.write(`shard   ${formatSat(BigInt(shard))} sat\n`);
}

main().catch((error: Error & { code?: string }) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(
    error instanceof UsageError || error.name === 'AmountError' || error.code?.startsWith('ERR_PARSE_ARGS')
      ? 2
      : 1,
  );
});
