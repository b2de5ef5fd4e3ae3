// What runs a bundle as Lambda's runtime does: it loads the handler, asks the Runtime API for one event after another, and
// tells what came of each. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER, AWS_LAMBDA_FUNCTION_NAME } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const tell = (path, value) =>
  fetch(`${api}/${path}`, { method: 'POST', body: JSON.stringify(value) ?? 'null' });
const told = ({ name, message, stack }) => ({
  errorType: name,
  errorMessage: message,
  stackTrace: stack?.split('\n') ?? [],
});

async function load() {
  const [file, name] = _HANDLER.split('.');
  const path = ['.mjs', '.js']
    .map((end) => join(LAMBDA_TASK_ROOT, file + end))
    .find((each) => existsSync(each));
  const module = await import(pathToFileURL(path));
  return module[name] ?? module.default[name];
}

const handler = await load().catch(async (error) => {
  await tell('init/error', told(error));
  process.exit(1);
});

for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = {
    awsRequestId: id,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    await tell(`invocation/${id}/response`, await handler(await next.json(), context));
  } catch (error) {
    await tell(`invocation/${id}/error`, told(error));
  }
}
