/** The composition root: builds every service by hand, in the order they need each other, and mounts their routes. */
import { buildAccounts } from './accounts/build.ts';
import { staysMember } from './accounts/members/members.ts';
import { provisionedPeople } from './accounts/members/provisioned.ts';
import { accountRoutes } from './accounts/routes.ts';
import { analyticsRoutes } from './analytics/routes.ts';
import { openLiveConfig, secretsApplier } from './apply-secrets.ts';
import { buildAudit } from './audit/build.ts';
import { auditRoutes } from './audit-log/routes.ts';
import { createAttempts, forgetOldAttempts } from './auth/attempts.ts';
import { callerOf, createAuthenticator, createKeyGates, isKnownCaller } from './auth/authenticate.ts';
import { withResourceMetadata } from './auth/challenge.ts';
import { KeyCache } from './auth/key-cache.ts';
import { createOwnKeys } from './auth/own-key.ts';
import { createSessionGate } from './auth/session-gate.ts';
import { buildBilling } from './billing/build.ts';
import { billingRoutes } from './billing/routes.ts';
import { buildBudgets } from './budgets/build.ts';
import { budgetRoutes } from './budgets/routes.ts';
import { buildNews } from './build-news.ts';
import { buildByok } from './byok/build.ts';
import { byokRoutes } from './byok/routes.ts';
import { buildCatalogue } from './catalogue/build.ts';
import { chatModelId, pricingOf } from './catalogue/catalogue.ts';
import { LiveCatalogue } from './catalogue/live-catalogue.ts';
import { catalogueRoutes } from './catalogue/routes.ts';
import { becomesTrueWithin } from './clock.ts';
import { buildContent } from './content/build.ts';
import { contentRoutes } from './content/routes.ts';
import { creditRoutes } from './credits/routes.ts';
import { readCreditTotals } from './credits/store.ts';
import { deliveryRoutes } from './delivery/routes.ts';
import { createPublicAddressOf } from './egress/public-host.ts';
import { TurnpikeError } from './errors.ts';
import { exportRoutes } from './exports/routes.ts';
import { feedbackRoutes } from './feedback/routes.ts';
import { followChanges } from './follow-changes.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { guardrailRoutes } from './guardrails/routes.ts';
import { createBodyRules, readJson, readJsonMessage, readJsonObject } from './http/body.ts';
import { mountRoutes } from './http/mount.ts';
import { Pressure } from './http/pressure.ts';
import { ReadingRoom } from './http/reading-room.ts';
import type { Route } from './http/route.ts';
import { StreamWatch } from './http/sse.ts';
import { createComplete } from './inference/complete.ts';
import { createCountTokens } from './inference/count-tokens.ts';
import { createEmbed } from './inference/embeddings.ts';
import { createExplain } from './inference/explain.ts';
import { googleListing } from './inference/google/model-list.ts';
import { createModelGate } from './inference/model-gate.ts';
import { inferenceRoutes } from './inference/routes.ts';
import { RunningStreams } from './inference/running-streams.ts';
import { RunningWork } from './inference/running-work.ts';
import { readInstance } from './keys/bootstrap.ts';
import { forgetOldAnswers } from './keys/create-key.ts';
import { asKeyId } from './keys/key-names.ts';
import { principalReader } from './keys/principal-reader.ts';
import { keyRoutes } from './keys/routes.ts';
import { findHashesMadeBy, findKeyNames } from './keys/store.ts';
import { leakRoutes } from './leaks/routes.ts';
import { HoldQueue } from './limits/hold-queue.ts';
import { LastTurns } from './limits/last-turns.ts';
import { loadPackages } from './load-packages.ts';
import { isRollingUp } from './metering/hours-store.ts';
import { createRecorder } from './metering/recorder.ts';
import { listRefusals } from './metering/refusal-store.ts';
import { meteringRoutes } from './metering/routes.ts';
import { createMeter } from './metering/settle.ts';
import { forgetOldCodes, type Replay } from './oauth/authorization/codes.ts';
import { forgetUnusedClients } from './oauth/clients/registration.ts';
import { forgetOldDevices } from './oauth/device/device.ts';
import { resourceMetadataUrl } from './oauth/metadata.ts';
import { oauthPageRoutes } from './oauth/pages/routes.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { openSpending } from './open-spending.ts';
import { findOrganisation } from './organisation/organisation.ts';
import { organisationRoutes } from './organisation/routes.ts';
import { createBundler } from './pages/bundle.ts';
import { pageRoutes } from './pages/routes.ts';
import { createShell, pageOfError } from './pages/shell.ts';
import { buildProviderIdentity } from './provider-identity/build.ts';
import { providerIdentityRoutes } from './provider-identity/routes.ts';
import { createAdapters } from './providers/registry.ts';
import { reconcileRoutes } from './reconcile/routes.ts';
import { replayRoutes } from './replay/routes.ts';
import { AVAILABILITY_DOCS_PATH } from './routing/availability.ts';
import { buildRouting } from './routing/build.ts';
import { routingRoutes } from './routing/routes.ts';
import { Stopping } from './routing/stopping.ts';
import { scimRoutes } from './scim/routes.ts';
import { GatewayMetrics } from './status/gateway-metrics.ts';
import { createMetricsGate } from './status/metrics-access.ts';
import { processMetrics } from './status/process-metrics.ts';
import { createReadiness } from './status/readiness.ts';
import { statusRoutes } from './status/routes.ts';
import { ChangeFeed } from './storage/changes.ts';
import { findAccount } from './tenancy/store.ts';
import { workspaceReader } from './tenancy/workspace-reader.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { keyedHash } from './vault/seal.ts';
import { VERSION } from './version.ts';
import { buildWorkloadIdentity } from './workload-identity/build.ts';
import { TOKEN_EXCHANGE } from './workload-identity/request.ts';
import { createTokenExchange, workloadIdentityRoutes } from './workload-identity/routes.ts';
import { workspaceRoutes } from './workspaces/routes.ts';
import { createShownTo, usableBy } from './workspaces/shown-models.ts';

/** How long the status of a stream stays open, waiting for the first token. */
const HOLD_BACK_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
/** How long a WebSocket may rest between two requests: a person thinks before the next turn. */
const SOCKET_IDLE_MS = 15 * 60_000;
const HOUSEKEEPING_MS = 10 * 60_000;
/** What is ended early needs this long at most to be written down and told. */
export const SETTLE_MS = 5000;

/** Needs a migrated database with an instance in it. */
export async function buildGateway(options: GatewayOptions): Promise<Gateway> {
  const { database, clock, logger } = options;
  const { db } = database;
  const readPrincipal = principalReader(db);
  const live = await openLiveConfig(options.config, readPrincipal, logger);
  const config = live.current;
  const catalogue = await LiveCatalogue.open({
    dataDir: config.dataDir,
    build: (prices) => buildCatalogue(live.current, clock.nowMs(), prices),
    onReloaded: ({ models }) => logger.info('catalogue_reloaded', { models: models.length }),
    onRefused: (error) => logger.error('catalogue_not_reloaded', { error }),
  });
  const upstream = createUpstreamClient({
    publicAddressOf: createPublicAddressOf(config.egress),
    onFallback: (origin, reason) => logger.info('upstream_by_fetch', { origin, reason }),
    onDefect: (error) => logger.error('upstream_reader_failed', { error }),
  });
  const providerIdentity = buildProviderIdentity({ config, database, clock, logger, client: upstream });
  const { credentials } = providerIdentity;
  const sdk = await loadPackages(catalogue.current, { config, upstream, logger, credentials });

  const spending = await openSpending({ ...options, config });
  const { journal, log, flusher, tidying, usage, refusals, kinds, wallets, rates, leases } = spending;

  const changes = new ChangeFeed({
    database,
    clock,
    onError: (error) => logger.warn('change_feed_failed', { error }),
  });
  const keys = new KeyCache({ read: readPrincipal, clock, feedReadAtMs: () => changes.lastReadAtMs });
  const runningStreams = new RunningStreams({
    keys,
    onError: (error) => logger.error('stream_check_failed', { error }),
  });
  const { masterKey } = config;
  followChanges({ changes, keys, runningStreams, wallets, leases, kinds, logger, database, masterKey });
  const content = buildContent({
    ...{ config, database, clock, logger, changes },
    onDropped: (reason) => metrics.contentDropped(reason),
  });
  const byok = buildByok({ config, database, clock, logger, changes, catalogue: () => catalogue.current });
  await changes.start();
  await Promise.all([content.log.reload(), byok.start()]);

  const streams = new StreamWatch({
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
    writeStallMs: config.limits.writeStallTimeoutMs,
  });
  const metrics = new GatewayMetrics(
    {
      openStreams: () => streams.openStreams,
      journalDepth: () => journal.depth,
      flushDepth: () => flusher.depth,
      flushDelayMs: () => flusher.delayMs,
      openHolds: () => wallets.openHolds,
      leasedNanoUsd: () => leases?.grantedNanoUsd ?? 0n,
      contentBytes: () => content.log.waitingBytes,
      sittingOut: () => routing.ways.sittingOut(clock.nowMs()),
    },
    processMetrics(VERSION),
  );
  const work = new RunningWork();
  const running = () => work.count + streams.openStreams;
  const pressure = new Pressure(running);
  pressure.start();
  const stopping = new Stopping();
  let isRetiring = false;
  let isRefusing = false;
  const routing = buildRouting({
    ...{ clock, logger, client: upstream, catalogue: () => catalogue.current },
    onBenched: (bench) => news.benched(bench),
    onBack: (back) => news.back(back),
    hasOutages: () => news.hasOutages(),
  });
  const { health } = routing;
  const meter = createMeter({
    ...{ log, flusher },
    onSettled: (facts) => {
      metrics.settled(facts);
      health.settled(facts, clock.nowMs());
    },
  });
  const steps = {
    catalogue: () => catalogue.current,
    ...{ clock, config, wallets, rates, leases, stopping },
    ownKeysOf: byok.ownKeysOf,
    adapters: createAdapters(upstream, sdk),
    ...routing,
    credentials,
    availabilityDocsUrl: config.publicUrl + AVAILABILITY_DOCS_PATH,
    recorder: createRecorder({ meter, clock }),
    holdQueue: new HoldQueue({ waitMs: config.limits.holdWaitMs, stopping }),
    admitKey: createKeyGates({ cache: keys, clock }),
  };
  const inference = { ...steps, runningStreams, lastTurns: new LastTurns() };
  const complete = createComplete(inference);
  const embed = createEmbed(steps);

  const keyChanged = async (hash: string) => {
    keys.invalidate(hash);
    await changes.poll();
  };
  const instance = await readInstance(database);
  if (instance === null) throw new Error('The database has no instance in it');
  const accounts = buildAccounts({
    ...{ config, database, clock, logger, keyChanged, passwordCost: options.passwordCost },
    accountId: instance.accountId,
    announce: options.announce ?? ((line) => console.error(line)),
  });
  const billing = buildBilling({
    ...{ config, database, clock, logger },
    stripe: () => live.current.stripe,
    accountName: async (id) => (await findAccount(db, id))?.name ?? '',
    flushed: () => flusher.flushed(),
    creditsChanged: () => changes.poll(),
  });
  const sessions = createSessionGate({
    readSession: (request) => accounts.sessions.read(request),
    publicUrl: config.publicUrl,
    masterKey: config.masterKey,
  });
  const bodyRules = createBodyRules(config.limits);
  const readLimited = (request: Request) => readJson(request, config.limits.requestBodyBytes, bodyRules);
  const keyServices = {
    ...{ database, clock, usage },
    account: {
      hasPurchasedCredits: async (id: string) => (await wallets.accountOf(id)).credits.purchasedNanoUsd > 0n,
      isMember: accounts.isMember,
      staysMember,
    },
    readJson: readLimited,
    changed: keyChanged,
  };
  const news = buildNews({
    ...{ ...keyServices, config, logger, metrics, mailer: accounts.mailer },
    accountId: instance.accountId,
  });
  const budgets = buildBudgets({
    ...{ config, database, clock, logger, spending, changes, readJson: readLimited },
    targets: { isMember: accounts.isMember, catalogue: () => catalogue.current },
  });
  const attempts = createAttempts({ database, clock, masterKey: config.masterKey });
  const workloadIdentity = buildWorkloadIdentity({
    ...{ config, database, clock, logger },
    attempts,
    readPrincipal,
    readJson: readLimited,
  });
  const passesLogins = config.providers.some((provider) => provider.passesLogin === true);
  const authenticate = createAuthenticator({
    ...{ cache: keys, clock },
    passesLogins,
    accessTokens: workloadIdentity.accessTokens,
  });
  const oauth = {
    ...keyServices,
    ...{ attempts, logger },
    masterKey: config.masterKey,
    publicUrl: config.publicUrl,
    ...config.oauth,
    readPrincipal,
    workspaces: workspaceReader(db),
    accountName: async (id: string) => (await findAccount(db, id))?.name ?? '',
    operatorAccountId: async () => instance.accountId,
    onReplay: (replay: Replay) => logger.warn('oauth_code_replayed', { ...replay }),
  };
  const guardrails = {
    ...{ database, clock, readJson: readLimited, catalogue: () => catalogue.current },
    isProvider: byok.isProvider,
  };
  const bundler = createBundler({ logger, clock });
  const shell = createShell({ bundler });
  const routes: Route[] = [
    ...pageRoutes({ shell, bundler }),
    ...inferenceRoutes({
      complete: (request, caller) => work.during(complete(request, caller)),
      countTokens: createCountTokens(steps),
      mustMayServe: createModelGate(steps),
      explain: createExplain(inference),
      embed: (request, sender, write) => work.during(embed(request, sender, write)),
      catalogue: () => catalogue.current,
      clock,
      streams,
      ownKey: createOwnKeys({ cache: keys, admitKey: steps.admitKey }),
      readBody: (request) => readJsonObject(request, config.limits.requestBodyBytes, bodyRules),
      sockets: {
        readMessage: (text) => readJsonMessage(text, bodyRules),
        room: new ReadingRoom(config.limits.readingBytes),
        maxBytes: config.limits.requestBodyBytes,
        idleMs: SOCKET_IDLE_MS,
      },
      record: (sender, door, body, bytes) => content.log.begin(sender, door, body, bytes),
      hashUser: (accountId, user) => keyedHash(config.masterKey, 'end-user', `${accountId} ${user}`),
      passesLogins,
      tagNames: new Set(config.figures.tags),
      mustAccept: () => {
        if (isRefusing || journal.failed) throw new TurnpikeError('unavailable', { retryAfterSeconds: 1 });
        pressure.mustTakeOneMore();
      },
      onRefused: (path, { principal, requestId }, error) =>
        refusals.add({ principal, path, requestId, error }),
      holdBackMs: options.holdBackMs ?? HOLD_BACK_MS,
    }),
    ...keyRoutes({
      ...keyServices,
      ...{ masterKey: config.masterKey, dataRegion: config.dataRegion },
      budgets,
      chatModelId: (id) => chatModelId(catalogue.current, id),
      freeRequests: { ofAccount: async (id) => (await wallets.accountOf(id)).free.today(clock.nowMs()) },
    }),
    ...budgetRoutes(budgets.services),
    ...oauthRoutes({ ...oauth, grants: { [TOKEN_EXCHANGE]: createTokenExchange(workloadIdentity) } }),
    ...oauthPageRoutes({ ...oauth, page: (shown) => shell.page(shown) }),
    ...workloadIdentityRoutes(workloadIdentity),
    ...(providerIdentity.isUsed ? providerIdentityRoutes(providerIdentity) : []),
    ...accountRoutes({
      accounts,
      csrfTokenOf: sessions.csrfTokenOf,
      findOrganisation: (accountId) => findOrganisation({ database }, accountId),
    }),
    ...organisationRoutes({ database, clock }),
    ...scimRoutes({
      ...{ database, clock, keyChanged, readJson: readLimited, people: provisionedPeople(accounts) },
      baseUrl: `${config.publicUrl}/scim/v2`,
    }),
    ...workspaceRoutes({ database, clock, content: content.services, keyChanged, readJson: readLimited }),
    ...routingRoutes({ ...steps, operatorAccountId: instance.accountId }),
    ...byokRoutes(
      byok.services({ ...{ adapters: steps.adapters, readJson: readLimited }, isMember: accounts.isMember }),
    ),
    ...guardrailRoutes({ ...guardrails, changed: () => changes.poll() }),
    ...replayRoutes({ ...guardrails, flushed: () => flusher.flushed() }),
    ...catalogueRoutes({
      catalogue: () => catalogue.current,
      clock,
      figuresOf: (model, endpoint, nowMs) => health.figuresOf({ model, endpoint }, nowMs),
      isKnown: (request) => isKnownCaller(authenticate, accounts.sessions, request),
      google: googleListing(() => catalogue.current),
      ...{ allowedFor: usableBy, principalOf: (request) => callerOf(authenticate, request) },
      shownTo: createShownTo({ db, principalOf: (request) => callerOf(authenticate, request) }),
    }),
    ...meteringRoutes({
      usage,
      running: (accountId) => log.running(accountId),
      pricingOf: (model, tag) => pricingOf(catalogue.current, model, tag),
      refusals: async (filter) => {
        await refusals.written();
        return await listRefusals(db, filter);
      },
      keys: {
        namesOf: (accountId, hashes) => findKeyNames(db, accountId, hashes),
        idOf: (accountId, hash) => asKeyId(db, accountId, hash, clock.nowMs()),
        madeBy: (accountId, userId) => findHashesMadeBy(db, accountId, userId),
      },
    }),
    ...analyticsRoutes({
      ...{ database, clock },
      readJson: readLimited,
      flushed: () => flusher.flushed(),
      isRollingUp: () => isRollingUp(db),
      keyNames: (accountId, hashes) => findKeyNames(db, accountId, hashes),
      workspaces: (accountId) => workspaceReader(db).list(accountId),
    }),
    ...contentRoutes({ ...content.services, readJson: readLimited }),
    ...exportRoutes({
      ...{ database, clock, logger, publicUrl: config.publicUrl, flushed: () => flusher.flushed() },
      keyNames: (accountId, hashes) => findKeyNames(db, accountId, hashes),
      keysMadeBy: (accountId, userId) => findHashesMadeBy(db, accountId, userId),
    }),
    ...deliveryRoutes(news.delivery),
    ...leakRoutes(news.leaks),
    ...reconcileRoutes({ database, logger, bodyRules, flusher, catalogue }),
    ...auditRoutes({ database, clock }),
    ...feedbackRoutes({
      ...{ db, clock, readJson: readLimited },
      hasGeneration: async (accountId, id) => (await usage.generation(accountId, id)) !== undefined,
    }),
    ...creditRoutes({
      creditsOf: (accountId) => readCreditTotals(db, accountId),
      usageOf: (accountId) => usage.totalOfAccount(accountId),
    }),
    ...billingRoutes(billing),
    ...statusRoutes({
      notReadyBecause: createReadiness({
        ...{ isRetiring: () => isRetiring, journal },
        askDatabase: () => readInstance(database),
      }),
      metrics: () => metrics.render(),
      mustMayReadMetrics: createMetricsGate({ host: config.host, token: () => live.current.metricsToken }),
    }),
  ];

  const audit = buildAudit({ database, clock, logger });
  const housekeeping = setInterval(() => {
    audit.link();
    const failed = (error: unknown) => logger.warn('housekeeping_failed', { error });
    forgetOldAnswers({ database, clock }).catch(failed);
    forgetOldCodes({ database, clock }).catch(failed);
    forgetOldDevices({ database, clock }).catch(failed);
    forgetUnusedClients({ database, clock }).catch(failed);
    forgetOldAttempts({ database, clock }).catch(failed);
    news.tidy().catch(failed);
    refusals.forgetOld().catch(failed);
    content.forgetOld().catch(failed);
    accounts.forgetOld().catch(failed);
    workloadIdentity.maintain().catch(failed);
    if (providerIdentity.isUsed) providerIdentity.signingKeys.maintain().catch(failed);
  }, HOUSEKEEPING_MS);
  catalogue.watch();

  return {
    applySecrets: secretsApplier({ live, catalogue, accounts, routing, sdk, upstream, credentials, logger }),
    ...{ routes, accounts, billing },
    fetch: mountRoutes({
      routes,
      authenticate: withResourceMetadata(authenticate, resourceMetadataUrl(config.publicUrl)),
      sessions,
      errorPage: (error) => pageOfError(shell, error),
      trustedProxies: config.trustedProxies,
      logger,
      isHttps: config.publicUrl.startsWith('https:'),
      isRetiring: () => isRetiring,
      clientIdleSeconds: Math.ceil(config.limits.clientIdleTimeoutMs / 1000),
      onRefused: ({ path }, { principal, requestId }, error) =>
        refusals.add({ principal, path, requestId, error }),
      onChangeRefused: audit.refused,
      onAudited: audit.link,
      onAnswer: (route, status) => metrics.answered(route?.path ?? 'unknown', status),
    }),
    modelCount: catalogue.current.models.length,
    preparePages: async () => {
      await bundler.bundle().catch(() => undefined);
    },
    retire: () => {
      isRetiring = true;
    },
    refuse: () => {
      isRefusing = true;
    },
    running,
    endRunning: () => stopping.begin(),
    close: async () => {
      clearInterval(housekeeping);
      catalogue.stop();
      routing.probes.stop();
      pressure.stop();
      isRefusing = true;
      stopping.begin();
      await becomesTrueWithin(() => running() === 0, SETTLE_MS);
      streams.stop();
      await news.stop();
      await billing.close();
      await accounts.close();
      await content.log.stop();
      await byok.stop();
      await changes.stop();
      await tidying.stop();
      await refusals.stop();
      await flusher.stop();
      await budgets.stop();
      await Promise.all([leases?.stop(), rates.stop()]);
      upstream.close();
      if (!journal.failed) await journal.close();
    },
  };
}
