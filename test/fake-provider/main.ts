// The fake provider as a program: `--port 9100 --log requests.jsonl`. Prints one line once it listens.
import { parseArgs } from 'node:util';
import { startFakeProvider } from './server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '9100' }, log: { type: 'string' } },
});

const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error('usage: fake-provider [--port 0-65535] [--log file.jsonl]');
  process.exit(2);
}

const provider = startFakeProvider({ port, ...(values.log === undefined ? {} : { logFile: values.log }) });
console.log(`fake provider on ${provider.baseUrl}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    provider.stop();
    process.exit(0);
  });
}
