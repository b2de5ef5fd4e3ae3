import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, FunctionUrlAuthType, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { publicAccess } from './access.ts';
import type { Settings } from './settings.ts';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Gives ES modules the `require` that bundled CommonJS asks for. The long name can't meet one that minification makes.
 */
const REQUIRE =
  "import{createRequire as ampjarCreateRequireForBundle}from'node:module';" +
  'const require=ampjarCreateRequireForBundle(import.meta.url);';

/** The reading side: one function behind an HTTPS URL (docs/decisions/public-url.md). */
export class PublicReads extends Construct {
  /** The HTTPS URL, with a slash at its end. */
  readonly url: string;

  constructor(scope: Construct, id: string, table: Table, settings: Settings) {
    super(scope, id);
    const { publicConcurrency, baseUrl } = settings;

    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Ledger: new PolicyDocument({ statements: publicAccess(table) }) },
    });
    logGroup.grantWrite(role);

    const handler = new NodejsFunction(this, 'Function', {
      description: 'Answers who reads: creators, invoices, QR codes, tips',
      entry: root('functions/public/handler.ts'),
      projectRoot: root(''),
      depsLockFilePath: root('package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(5),
      reservedConcurrentExecutions: publicConcurrency === 'account' ? undefined : publicConcurrency,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        TABLE_NAME: table.tableName,
        NODE_OPTIONS: '--enable-source-maps',
        ...(baseUrl && { BASE_URL: baseUrl }),
      },
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        mainFields: ['module', 'main'],
        banner: REQUIRE,
        externalModules: [],
        minify: true,
        sourceMap: true,
        sourcesContent: false,
      },
    });
    this.url = handler.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
  }
}
