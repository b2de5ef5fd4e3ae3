import { fileURLToPath } from 'node:url';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type FunctionUrl,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Copies } from './concurrency.ts';
import type { OriginAccess } from './edge/originAccess.ts';
import { answersAlarm, functionAlarms } from './functionAlarms.ts';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Gives ES modules the `require` that bundled CommonJS asks for. The long name can't meet one that minification makes.
 */
const REQUIRE =
  "import{createRequire as ampjarCreateRequireForBundle}from'node:module';" +
  'const require=ampjarCreateRequireForBundle(import.meta.url);';

/** What one function differs in from another. */
export interface BundledFunction {
  readonly description: string;
  /** Its entry file, from the project's root. */
  readonly entry: string;
  readonly timeout: Duration;
  readonly concurrency: Copies;
  readonly environment: Record<string, string>;
  /** All that it may do, beside its own log. */
  readonly statements: PolicyStatement[];
}

/** A function with a role and a log of its own, at a URL for CloudFront alone (infra/edge.ts). */
export function edgeFunction(
  scope: Construct,
  { authType, environment }: Pick<OriginAccess, 'authType' | 'environment'>,
  parts: BundledFunction,
): FunctionUrl {
  const { handler } = bundledFunction(scope, {
    ...parts,
    environment: { ...parts.environment, ...environment },
  });
  answersAlarm(scope, handler, parts.description);
  return handler.addFunctionUrl({ authType });
}

/** As Lambda is told it. */
export const reserved = (copies: Copies): number | undefined => (copies === 'account' ? undefined : copies);

/** A function with a role, a log and alarms of its own, bundled from the project's source. */
export function bundledFunction(scope: Construct, parts: BundledFunction) {
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { Ledger: new PolicyDocument({ statements: parts.statements }) },
  });
  logGroup.grantWrite(role);

  const handler = new NodejsFunction(scope, 'Function', {
    description: parts.description,
    entry: root(parts.entry),
    projectRoot: root(''),
    depsLockFilePath: root('package-lock.json'),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout: parts.timeout,
    reservedConcurrentExecutions: reserved(parts.concurrency),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // Lambda's own lines of an invocation that went well cost more to keep than the invocation (docs/cost.md).
    systemLogLevelV2: SystemLogLevel.WARN,
    environment: parts.environment,
    bundling: {
      format: OutputFormat.ESM,
      target: 'node24',
      mainFields: ['module', 'main'],
      banner: REQUIRE,
      externalModules: [],
      minify: true,
      // For who reads a stack: that Node reads it at each start would cost a tenth of a cold start.
      sourceMap: true,
      sourcesContent: false,
      esbuildArgs: { '--alias:@aws-sdk/credential-provider-node': root('functions/lambda/credentials.ts') },
    },
  });
  functionAlarms(scope, handler, parts.description);
  return { handler, role, logGroup };
}
