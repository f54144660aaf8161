/** What our mails say: plain text, and the same in simple HTML. Nothing is loaded from anywhere, and nothing is counted. */

export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The one in the text. */
  readonly link: string;
}

interface Parts {
  readonly subject: string;
  readonly why: string;
  readonly action: string;
  readonly link: string;
  readonly after: string;
}

export function verificationLetter(link: string): Letter {
  return letter({
    subject: 'Confirm your e-mail address',
    why: 'Somebody signed up at Turnpike with this address.',
    action: 'Confirm the address',
    link,
    after:
      'The link works for 24 hours. If it was not you, ignore this mail: nobody can use the address unconfirmed.',
  });
}

export function resetLetter(link: string): Letter {
  return letter({
    subject: 'Set a new password',
    why: 'Somebody asked for a new password for your account at Turnpike.',
    action: 'Set a new password',
    link,
    after:
      'The link works once, within an hour. If it was not you, ignore this mail: your password stays as it is.',
  });
}

export function existingUserLetter(link: string): Letter {
  return letter({
    subject: 'You have an account already',
    why: 'Somebody, perhaps you, tried to sign up at Turnpike with this address, which has an account already.',
    action: 'Sign in, or set a new password there',
    link,
    after: 'If it was not you, ignore this mail: nothing has changed.',
  });
}

export function invitationLetter(invitation: {
  accountName: string;
  invitedBy: string;
  link: string;
}): Letter {
  return letter({
    subject: 'You are invited to Turnpike',
    why: `${invitation.invitedBy} invites you to join ${invitation.accountName} at Turnpike.`,
    action: 'Accept the invitation',
    link: invitation.link,
    after: 'The link works once, within 7 days.',
  });
}

/** `others`: with what the account can be signed in to besides, as in "a passkey". */
export function passwordChangedLetter(others: readonly string[], link: string): Letter {
  const besides =
    others.length === 0
      ? ''
      : ` It can still be signed in to with ${others.join(', ')}: remove on the account page what is not yours.`;
  return letter({
    subject: 'Your password was changed',
    why: `The password of your account at Turnpike was changed, and all other sessions were ended.${besides}`,
    action: 'If it was not you, set a new one',
    link,
    after: 'If it was you, there is nothing to do.',
  });
}

export type ProtectionChange = 'two_factor_on' | 'two_factor_off' | 'recovery_codes_made';

const PROTECTION_CHANGES: Readonly<Record<ProtectionChange, Pick<Parts, 'subject' | 'why'>>> = {
  two_factor_on: {
    subject: 'Two-factor sign-in was turned on',
    why: 'Two-factor sign-in was turned on for your account at Turnpike: after your password a code is asked for.',
  },
  two_factor_off: {
    subject: 'Two-factor sign-in was turned off',
    why: 'Two-factor sign-in was turned off for your account at Turnpike: your password alone signs in.',
  },
  recovery_codes_made: {
    subject: 'New recovery codes were made',
    why: 'New recovery codes were made for your account at Turnpike. The ones from before work no more.',
  },
};

export function protectionChangedLetter(change: ProtectionChange, link: string): Letter {
  return letter({
    ...PROTECTION_CHANGES[change],
    action: 'See how you sign in',
    link,
    after:
      'If it was you, there is nothing to do. If it was not, set a new password, and end all other sessions there.',
  });
}

/** `what` as in "with a passkey". */
export function wayInAddedLetter(what: string, link: string): Letter {
  return letter({
    subject: 'A way to sign in was added',
    why: `Your account at Turnpike can now be signed in to with ${what}.`,
    action: 'See how you sign in',
    link,
    after:
      'If it was you, there is nothing to do. If it was not, remove it there, end all other sessions, and set a new password.',
  });
}

export function wayInRemovedLetter(what: string, link: string): Letter {
  return letter({
    subject: 'A way to sign in was removed',
    why: `Your account at Turnpike can no longer be signed in to with ${what}.`,
    action: 'See how you sign in',
    link,
    after:
      'If it was you, there is nothing to do. If it was not, end all other sessions there, and set a new password.',
  });
}

export function emailChangeLetter(link: string): Letter {
  return letter({
    subject: 'Confirm your new e-mail address',
    why: 'Somebody who has an account at Turnpike wants to use this address for it.',
    action: 'Use this address',
    link,
    after:
      'The link works once, within an hour, for whoever is signed in to that account. If it was not you, ignore this mail: nothing changes.',
  });
}

/** Instead of the one above, to an address that somebody has. */
export function addressTakenLetter(link: string): Letter {
  return letter({
    subject: 'This address has an account already',
    why: 'Somebody, perhaps you, wanted to use this address for another account at Turnpike. It has one already, and no other can have it.',
    action: 'Sign in to the account that it has',
    link,
    after: 'If it was not you, ignore this mail: nothing has changed.',
  });
}

/** To the address that was left. */
export function emailChangedLetter(link: string): Letter {
  return letter({
    subject: 'Your e-mail address was changed',
    why: 'Your account at Turnpike has another e-mail address now, and all other sessions were ended. This one signs in no more.',
    action: 'Sign in with the new address',
    link,
    after:
      'If it was you, there is nothing to do. If it was not, tell an owner of your organisation, or whoever runs this gateway, at once.',
  });
}

export function letter({ subject, why, action, link, after }: Parts): Letter {
  const safe = {
    why: escapeHtml(why),
    action: escapeHtml(action),
    link: escapeHtml(link),
    after: escapeHtml(after),
  };
  return {
    ...{ subject, link },
    text: `${why}\n\n${action}:\n${link}\n\n${after}\n`,
    html:
      `<!doctype html><html lang="en"><body style="font-family:sans-serif;line-height:1.5">` +
      `<p>${safe.why}</p><p><a href="${safe.link}">${safe.action}</a></p>` +
      `<p style="font-size:small;word-break:break-all">${safe.link}</p><p>${safe.after}</p></body></html>`,
  };
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
