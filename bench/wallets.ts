import { Agent, get } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

/** What became of many asks for invoices. */
export interface Asked {
  /** Milliseconds of each answer with an invoice. */
  readonly invoices: number[];
  /** Milliseconds of each answer that says why there is none. */
  readonly refusals: number[];
  readonly seconds: number;
}

/** Ask a callback, and read the answer whole. */
function wallet(agent: Agent, { invoices, refusals }: Omit<Asked, 'seconds'>) {
  return async (url: string): Promise<void> => {
    const began = performance.now();
    const answer = await new Promise<{ pr?: string }>((resolve, reject) => {
      get(url, { agent }, (response) => resolve(json(response) as Promise<{ pr?: string }>)).on(
        'error',
        reject,
      );
    });
    (answer.pr ? invoices : refusals).push(performance.now() - began);
  };
}

/** So many wallets ask, each again as soon as it is answered. */
export async function askInTurn(url: string, connections: number, seconds: number): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const found = { invoices: [], refusals: [] };
  const ask = wallet(agent, found);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - began < seconds * 1000) await ask(url);
    }),
  );
  agent.destroy();
  return { ...found, seconds: (performance.now() - began) / 1000 };
}

/** So many wallets a second ask, however long others have to wait, of each URL in turn. @returns once all are answered */
export async function flood(urls: readonly string[], perSecond: number, signal: AbortSignal): Promise<Asked> {
  const agent = new Agent({ keepAlive: true });
  const found = { invoices: [], refusals: [] };
  const ask = wallet(agent, found);
  const asks: Promise<void>[] = [];
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  while (!signal.aborted) {
    while (asks.length < elapsed() * perSecond) asks.push(ask(urls[asks.length % urls.length]!));
    await setTimeout(5);
  }
  const seconds = elapsed();
  await Promise.all(asks);
  agent.destroy();
  return { ...found, seconds };
}
