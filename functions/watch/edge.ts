/**
 * What a reader, a wallet and a widget ask, none of which an edge answers from what it kept but the last; the first has a
 * character in its path that signatures differ about. Nobody has this handle.
 */
const ASKED: readonly { path: string; status: number }[] = [
  { path: '/@nobody--here/overlay', status: 404 },
  { path: '/.well-known/lnurlp/nobody--here', status: 200 },
  { path: '/widget.js', status: 200 },
];

/** Longer than a function may take behind it. */
const PATIENCE_MS = 8_000;

/**
 * Ask at the edge what readers and wallets ask.
 * @param edge the origin that they know, without a slash at its end
 * @returns how many of the addresses did not answer as they should
 */
export async function edgeFailures(
  edge: string,
  { ask = fetch, patienceMs = PATIENCE_MS }: { ask?: typeof fetch; patienceMs?: number } = {},
): Promise<number> {
  const answered = await Promise.all(
    ASKED.map(async ({ path, status }) => {
      try {
        const signal = AbortSignal.timeout(patienceMs);
        const answer = await ask(`${edge}${path}`, { redirect: 'manual', signal });
        await answer.body?.cancel();
        return answer.status === status;
      } catch {
        return false;
      }
    }),
  );
  return answered.filter((isGood) => !isGood).length;
}
