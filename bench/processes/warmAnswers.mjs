// Runs in a process of its own: answers events one after another, warm, and prints how many microseconds one took.

const [bundle, count, event] = process.argv.slice(2);
const { handler } = await import(bundle);
const context = { getRemainingTimeInMillis: () => 60_000 };
// As Lambda gives it: an object of its own for each invocation.
const answer = () => handler(JSON.parse(event), context);
const { statusCode } = await answer();
if (statusCode >= 500) throw new Error(`${bundle} answered ${statusCode}`);
for (let at = 0; at < Number(count); at++) await answer();
const began = performance.now();
for (let at = 0; at < Number(count); at++) await answer();
process.stdout.write(`\n${((performance.now() - began) * 1000) / Number(count)}`);
process.exit();
