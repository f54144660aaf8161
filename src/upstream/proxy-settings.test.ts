import { expect, test } from 'bun:test';
import { parseTarget } from './origin.ts';
import { type Environment, isProxied } from './proxy-settings.ts';

const proxy = 'http://proxy.test:3128';

const cases: [url: string, environment: Environment, isProxied: boolean][] = [
  ['http://a.test/', {}, false],
  ['http://a.test/', { HTTP_PROXY: '' }, false],
  ['http://a.test/', { HTTP_PROXY: proxy }, true],
  ['http://a.test/', { http_proxy: proxy }, true],
  ['http://a.test/', { HTTPS_PROXY: proxy }, false],
  ['https://a.test/', { HTTP_PROXY: proxy }, false],
  ['https://a.test/', { HTTPS_PROXY: proxy }, true],
  ['https://a.test/', { https_proxy: proxy }, true],
  ['https://a.test/', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, false],
  ['https://a.test/', { HTTPS_PROXY: proxy, NO_PROXY: 'a.test' }, false],
  ['https://A.test/', { HTTPS_PROXY: proxy, no_proxy: 'x.test, A.TEST' }, false],
  ['https://b.a.test/', { HTTPS_PROXY: proxy, NO_PROXY: 'a.test' }, false],
  ['https://b.a.test/', { HTTPS_PROXY: proxy, NO_PROXY: '.a.test' }, false],
  ['https://b.a.test/', { HTTPS_PROXY: proxy, NO_PROXY: '*.a.test' }, false],
  ['https://ba.test/', { HTTPS_PROXY: proxy, NO_PROXY: 'a.test' }, true],
  ['https://a.test/', { HTTPS_PROXY: proxy, NO_PROXY: 'b.a.test' }, true],
  ['https://a.test/', { HTTPS_PROXY: proxy, NO_PROXY: ',' }, true],
  ['https://a.test/', { HTTPS_PROXY: proxy, NO_PROXY: 'a.test:443' }, false],
  ['https://a.test:8443/', { HTTPS_PROXY: proxy, NO_PROXY: 'a.test:443' }, true],
  ['http://10.1.2.3/', { HTTP_PROXY: proxy, NO_PROXY: '10.1.2.3' }, false],
  ['http://10.1.2.3/', { HTTP_PROXY: proxy, NO_PROXY: '10.0.0.0/8' }, true],
  ['http://[::1]:81/', { HTTP_PROXY: proxy, NO_PROXY: '[::1]' }, false],
  ['http://[::1]:81/', { HTTP_PROXY: proxy, NO_PROXY: '[::1]:81' }, false],
  ['http://[::1]:81/', { HTTP_PROXY: proxy, NO_PROXY: '::1' }, false],
];

for (const [url, environment, wanted] of cases) {
  test(`${url} is ${wanted ? 'proxied' : 'direct'} under ${JSON.stringify(environment)}`, () => {
    expect(isProxied(parseTarget(url).origin, environment)).toBe(wanted);
  });
}
