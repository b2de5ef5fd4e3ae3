import { App } from 'aws-cdk-lib';
import file from '../ampjar.settings.ts';
import { readSettings, SettingError } from './settings.ts';
import { addStage } from './stage.ts';

const app = new App({ analyticsReporting: false });
try {
  const settings = readSettings(file, app.node.tryGetContext('stage') ?? 'production');
  const unprotected: string = app.node.tryGetContext('unprotected') ?? '';
  addStage(app, settings, unprotected.split(',').filter(Boolean));
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exit(2);
}
