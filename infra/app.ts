import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import stages from '../ampjar.settings.ts';
import { settingsOf } from './settings.ts';
import { AmpjarStack } from './stack.ts';

const app = new App({ analyticsReporting: false });
const settings = settingsOf(stages, app.node.tryGetContext('stage') ?? 'production');
new AmpjarStack(app, `Ampjar-${settings.stage}`, settings);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
