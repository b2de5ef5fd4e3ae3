import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BINARIES, binaryPath } from './harness/binaries.ts';

const TAGS = 'invoicesrpc routerrpc signrpc walletrpc chainrpc peersrpc';
const tools = fileURLToPath(new URL('./tools/', import.meta.url));
const target = dirname(binaryPath('lnd'));
const stampFile = join(target, 'tools.stamp');

const stamp = createHash('sha256')
  .update(TAGS)
  .update(readFileSync(join(tools, 'go.mod')))
  .update(readFileSync(join(tools, 'go.sum')))
  .digest('hex');

const isBuilt = (): boolean =>
  BINARIES.every((name) => existsSync(binaryPath(name))) &&
  existsSync(stampFile) &&
  readFileSync(stampFile, 'utf8').trim() === stamp;

function goVersion(): string | undefined {
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function build(): void {
  const version = goVersion();
  if (version === undefined) {
    console.error(
      'build: no `go` command found; install Go 1.24.11 or newer (https://go.dev/dl/) to build lnd',
    );
    process.exit(1);
  }
  console.log(`build: ${BINARIES.join(', ')} with ${version}; the first time takes minutes`);
  mkdirSync(target, { recursive: true });
  const started = performance.now();
  const { status } = spawnSync('go', ['build', '-v', '-tags', TAGS, '-o', `${target}/`, 'tool'], {
    cwd: tools,
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error('build: `go build` failed, see the lines above');
    process.exit(1);
  }
  writeFileSync(stampFile, `${stamp}\n`);
  console.log(`build: done in ${Math.round((performance.now() - started) / 1000)} s`);
}

if (isBuilt()) console.log(`build: ${BINARIES.join(', ')} are up to date`);
else build();
