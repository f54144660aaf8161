-- Sealed by the master key of 32 bytes that are all 7.
UPDATE instance SET sealed_key_check = 'v1.fTavC1dpHFYIfuEz6CIIM9-DxxaSJmUiAiw6eLdMA2gXHZJsbXg6M5BaLKwFdtw';
