/**
 * `run.mjs <client> <ask>` in a folder that has the clients installed: does what is asked with a library and prints one line of JSON.
 * The environment names the gateway (TURNPIKE_HOST), a key (TURNPIKE_KEY) and the prompt (PROMPT).
 */
const [client, ask] = process.argv.slice(2);
// Families of one interface share a file.
const file = /^(?:ai-sdk|langchain)(?=-)/.exec(client)?.[0] ?? client;
const module = await import(new URL(`./${file}.mjs`, import.meta.url).href);
const library = module.clients?.[client] ?? module;
const doIt = library[ask];
if (doIt === undefined) throw new Error(`${client} has no ${ask}`);
try {
  process.stdout.write(`${JSON.stringify(await doIt())}\n`);
  process.exit(0);
} catch (error) {
  const { name, status, statusCode, message, lastError } = error;
  process.stderr.write(
    `${JSON.stringify({ name, status: status ?? statusCode ?? lastError?.statusCode, message: String(message).slice(0, 600) })}\n`,
  );
  process.exit(1);
}
