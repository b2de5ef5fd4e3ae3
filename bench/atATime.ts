/**
 * Do something again and again, so many at a time, until it was done so often.
 * @returns the seconds it took
 */
export async function atATime(
  atOnce: number,
  times: number,
  work: (at: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (performance.now() - began) / 1000;
}
