-- A key set made by openssl, and a token that openssl signed with its RSA key; the private key is gone.
return {
  jwks = '{"keys": [{"kty": "EC", "kid": "e1", "crv": "P-256"}, {"kty": "RSA", "use": "enc", "kid": "x", "n": "AQAB", "e'
    .. '": "AQAB"}, {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "r1", "n": "9Nc-36u67taX7AzDrdayAuIvoXbyD0aYYg'
    .. '9wN4ALQjgU8yaXPMt3RrD2qLuiRCTfjAQxWHlix8brglnPtc60yVk9yo3gjc3kYXcKbgl040U0vbry-2XRCDizeeJSrpPoCi7RSDs6fmOoMaDj'
    .. 'vVAqc72eUIZnzVWCuSXqxSlvOpijbYleSxwgN8wLZivNHWbUkm2MwoMFO6zSRRWIVY8fJWPM4yn2KiGJUOl_7mjMqJeyAPLMeXi-o8ZBrqFD9Q'
    .. 'Hkkp8LwqdE32Z_b1S6nmbfhTaFZCKOXvlOPU-5LUas0ZcL60aOvnF1Z_5TM4sPz8p6cumCyg5IZf2P5ZNwCI7iRw", "e": "AQAB"}]}',
  token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIn0.eyJzdWIiOiJhbm4iLCJleHAiOjE3MDAwMDAxMDB9.uk_JJuznqTHA5njXfRHci6GYiRRfa3Snd'
    .. 'z7FOJw84lslG-NQts_TRnNH7O-ZQVCDZKrW9imAnwziGZZJQAOrLfioHVFPubmji6Ne1Qyqdf2hSDIxtE38m79dfub0bm5889RBFEc5YsG278W'
    .. 'VUlgb9LO_JBlcMC6w9OLTyuwuerYjuhJLsRChrYiGq-A9Z7phsABCOgeprl-s5iqfKEsavq5rjmL57Pk3EMs2OsXSPxDgy4b1OgoL4OQp7bOgk'
    .. 'r6vjtLqeteXrjz5O_d4r_zTageiLUtGKxouHBek9yzxQ3I_Pnu3Zx7vKCbaAgnWvMAohkhBCoNJQZMuf6PMwKdruA',
}
