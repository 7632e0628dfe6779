/** The exception that nobody handles and that ends the process. Node tells it to the listeners of `exit` by a code only, and prints it after them. */
let uncaught: { readonly error: unknown } | undefined;

let isWatching = false;

/** From now on `uncaughtException` knows. Watching changes nothing of what Node does. */
export function watchUncaught(): void {
  if (isWatching) return;
  isWatching = true;
  process.on('uncaughtExceptionMonitor', (error) => {
    const isHandled =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (!isHandled) uncaught = { error };
  });
}

/** What ends the process, for a listener of `exit`. */
export function uncaughtException(): { readonly error: unknown } | undefined {
  return uncaught;
}
