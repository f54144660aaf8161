/** What every library here is told. */
const { TURNPIKE_HOST = '', TURNPIKE_KEY = '', PROMPT = '', MODEL = 'acme/small' } = process.env;

export const host = TURNPIKE_HOST;
export const key = TURNPIKE_KEY;
export const prompt = PROMPT;
export const model = MODEL;

export const messages = [{ role: 'user', content: PROMPT }];

export const weatherSchema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
export const WEATHER = 'get_weather';
export const TOLD = 'Sunny.';
