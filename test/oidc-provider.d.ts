/** The part of `oidc-provider`, which comes without types, that the tests use. */
declare module 'oidc-provider' {
  class Provider {
    constructor(issuer: string, configuration: object);
    callback(): import('node:http').RequestListener;
  }

  // biome-ignore lint/style/noDefaultExport: it is how the package exports it.
  export { Provider as default };
}
