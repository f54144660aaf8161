/** Commands to copy: how a workload swaps its token under a policy, and how it gets a key to act as. */
import type { Policy } from './trust.ts';

/** `origin`: this gateway's address. */
export function exchangeCommand(origin: string, policy: Policy): string {
  return [
    `curl -sS ${origin}/api/v1/oauth/token`,
    '  --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange',
    '  --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt',
    '  --data-urlencode "subject_token=$SUBJECT_TOKEN"',
    `  --data-urlencode federation_policy_id=${policy.id}`,
  ].join(' \\\n');
}

/** A job that asks GitHub for its token, swaps it, and hands the rest of its steps what acts like an API key. */
export function githubJob(origin: string, policy: Policy): string {
  return `permissions:
  id-token: write # lets the job ask GitHub for its token
  contents: read

jobs:
  example:
    runs-on: ubuntu-latest
    env:
      TURNPIKE: ${origin}
      POLICY: ${policy.id} # no secret
      AUDIENCE: ${yamlText(policy.audience)}
    steps:
      - name: Get an access token
        run: |
          subject_token=$(curl -sSf -G "$ACTIONS_ID_TOKEN_REQUEST_URL" --data-urlencode "audience=$AUDIENCE" \\
            -H "authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" | jq -r .value)
          access_token=$(curl -sSf "$TURNPIKE/api/v1/oauth/token" \\
            --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\
            --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt \\
            --data-urlencode "subject_token=$subject_token" \\
            --data-urlencode "federation_policy_id=$POLICY" | jq -r .access_token)
          echo "::add-mask::$access_token"
          echo "OPENROUTER_API_KEY=$access_token" >> "$GITHUB_ENV"
      - name: Use it like an API key
        run: |
          curl -sSf "$TURNPIKE/api/v1/key" -H "authorization: Bearer $OPENROUTER_API_KEY"
`;
}

export function makeKeyCommand(origin: string): string {
  return [
    `curl ${origin}/api/v1/keys`,
    '  -H "Authorization: Bearer $MANAGEMENT_KEY"',
    '  -H "Content-Type: application/json"',
    `  -d '{"name": "Deployments", "limit": 20, "limit_reset": "monthly", "creator_user_id": null}'`,
  ].join(' \\\n');
}

/** Every JSON text is a YAML one. */
const yamlText = (text: string): string => JSON.stringify(text);
