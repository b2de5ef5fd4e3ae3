/** Thrown for what keeps a deployment from being made. Its message is one line that says what to do. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}
