// Runs in a process of its own: how long it takes from the import of a bundle to its answer to a first event, in ms, as the
// last line that it prints.

const [bundle, event] = process.argv.slice(2);
const parsed = JSON.parse(event);
const began = performance.now();
const { handler } = await import(bundle);
const answer = await handler(parsed, { getRemainingTimeInMillis: () => 60_000 });
const ms = performance.now() - began;
process.stdout.write(`\n${JSON.stringify({ ms, status: answer?.statusCode })}`);
// Connections that are kept open must not keep the process.
process.exit();
