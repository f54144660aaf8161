#!/usr/bin/env bun
/** The `turnpike` command: reads the configuration and hands over to one of the files in cli/. */
import { actingAs, operator } from './audit/actor.ts';
import type { CommandContext } from './cli/command.ts';
import { commands } from './cli/commands.ts';
import { whyItFailed } from './cli/why.ts';
import { ConfigError } from './config/config-error.ts';
import { LATER_VARIABLES } from './secrets/later-variables.ts';
import { SecretSource } from './secrets/secret-source.ts';
import { VERSION } from './version.ts';

const UNVERIFIED = 'NODE_TLS_REJECT_UNAUTHORIZED';

const [name = 'serve', ...args] = process.argv.slice(2);
process.exitCode = await main(name, args);

async function main(name: string, args: string[]): Promise<number> {
  if (name === '--version' || name === '-v' || name === 'version') {
    console.log(`turnpike ${VERSION}`);
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    const isHelp = name === 'help' || name === '--help' || name === '-h';
    (isHelp ? console.log : console.error)(usage());
    return isHelp ? 0 : 2;
  }
  try {
    const { run } = await command.load();
    const print = (line: string) => console.log(line);
    insistOnCertificates();
    if (command.readsConfigItself) return await run(args, { print } as CommandContext);
    const secrets = new SecretSource({
      ...{ env: process.env, cwd: process.cwd(), laterVariables: LATER_VARIABLES },
      createMissing: command.needsInstallation !== true,
    });
    const config = await secrets.load();
    for (const warning of config.warnings) console.error(`warning: ${warning}`);
    const context = { config, print, secrets };
    return await (name === 'serve' ? run(args, context) : actingAs(operator(), () => run(args, context)));
  } catch (thrown) {
    // A bad configuration is the operator's to mend: its message says where and how, and a stack would only hide it.
    console.error(thrown instanceof ConfigError ? thrown.message : `turnpike: ${whyItFailed(thrown)}`);
    return 1;
  }
}

/**
 * This variable of Node's takes the verification of certificates away from every connection that does not ask for it: to sign-in
 * providers, the keys of issuers, the mail server, and model providers behind a proxy. It is set for some other program, or to try
 * something out, and then whoever stands between is believed. The runtime reads it whenever it connects.
 */
function insistOnCertificates(): void {
  if (process.env[UNVERIFIED] !== '0') return;
  delete process.env[UNVERIFIED];
  console.error(
    `warning: ${UNVERIFIED}=0 is ignored: certificates are always verified. Name the authority of your own ones in NODE_EXTRA_CA_CERTS`,
  );
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((command) => command.length));
  const lines = Object.entries(commands).map(
    ([command, { summary }]) => `  ${command.padEnd(width)}  ${summary}`,
  );
  return ['usage: turnpike <command>', '       turnpike --version', '', ...lines].join('\n');
}
