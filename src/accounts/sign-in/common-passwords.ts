/**
 * What people choose when a password must have ten characters (NIST SP 800-63B, 3.1.1.2), in lower case: words that they lengthen by
 * figures and signs, and whole passwords that are made of no word.
 */

export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `
  password passwords passwort passwrd passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd pass passcode mypassword newpassword
  yourpassword thepassword oldpassword changeme changethis changeit changemenow default secret topsecret mysecret letmein
  letmeinnow welcome welcomeback welcomehome w3lcome hello helloworld hellohello login logmein signin access accessdenied admin
  administrator root rootroot superuser superadmin sysadmin user username guest test tester testing testtest testuser temp
  temporary demo example sample server database oracle postgres mysql linux ubuntu windows microsoft google facebook twitter
  instagram youtube linkedin amazon apple iphone android samsung internet computer computers laptop keyboard turnpike openrouter
  gateway apikey openai qwerty qwertz azerty qwertyui qwertyuiop qwertzuiop azertyuiop qwertyqwerty asdfgh asdfghjk asdfghjkl
  asdfjkl zxcvbn zxcvbnm qazwsx qazwsxedc qazxsw qweasd qweasdzxc qwerasdf asdfasdf zxczxc poiuytrewq lkjhgfdsa mnbvcxz abc abcd
  abcde abcdef abcdefg abcdefgh abcdefghi abcdefghij abcdefghijk iloveyou iloveyouu iloveyousomuch iloveu iloveme ilovemyself
  ilovejesus ihateyou loveyou lovely lovers loveme forever foreverlove babygirl babyboy sweetheart sweety princess princesa
  prince queen dragon monkey shadow master sunshine superman batman spiderman starwars startrek pokemon pikachu naruto football
  baseball basketball softball hockey soccer liverpool chelsea arsenal barcelona realmadrid manchester manutd juventus steelers
  cowboys yankees lakers eagles jordan michael jennifer jessica michelle charlie daniel thomas robert andrew joshua matthew
  anthony william jonathan samantha elizabeth victoria alexander alexandra nicholas benjamin christian christopher stephanie
  ashley amanda nicole hannah george maggie ginger pepper cookie buster tigger killer hunter ranger harley mustang ferrari
  porsche mercedes corvette camaro cheese chocolate banana orange strawberry butterfly flower flowers rainbow summer winter
  spring autumn january february march april june july august september october november december monday tuesday wednesday
  thursday friday saturday sunday sommer herbst fruehling freedom whatever nothing trustno trustme trustnoone blahblah jesus
  jesuschrist godisgood godislove blessed heaven angel angels lucky family mother father brother sister children familia mexico
  america american canada england london newyork california texas florida paris france germany deutschland berlin brazil brasil
  argentina colombia australia portugal espana india pakistan indonesia philippines russia moscow ukraine kyiv warszawa polska
  schalke fussball ichliebedich hallo hallohallo geheim bonjour motdepasse jetaime soleil doudou marseille contrasena contraseña
  teamo tequiero senha parola wachtwoord welkom haslo salasana losenord kennwort company business office money millionaire
  success purple yellow silver golden correcthorsebatterystaple diamond phoenix thunder lightning warrior dolphin elephant tiger
  panther wolf eagle falcon zaq xsw
  `
    .trim()
    .split(/\s+/),
);

export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc zaq12wsx zaq12wsxcde3 zaq1xsw2cde3 q1w2e3r4t5 q1w2e3r4t5y6
  1a2b3c4d5e a1b2c3d4e5 a1b2c3d4e5f6 123qweasdzxc qwe123asd456 123qwe123qwe 1qazxcvbnm qwerty123456 123456qwerty asdf1234asdf
  qweasdzxc123 1234qwerasdf qwer1234asdf 1234abcd5678 abcd1234abcd abc123def456 abc123abc456 aa12345678 a123456789 a1234567890
  q123456789 123456789a 123456789q 123456789z 1234567899 1234567891 1234567880 0123456789 1234567890 0987654321 9876543210
  1122334455 112233445566 11223344556677 5544332211 1223334444 1029384756 1357924680 2468013579 1011121314 1472583690 1478523690
  7894561230 7418529630 1236987450 3216549870 1597534682 1593572486 1231231234 1234512345 1234554321 1111122222 0000011111
  3141592653 31415926535 2718281828 1123581321 1618033988 5201314520 5841314520 0102030405 0123456780 0011223344 1020304050
  p4ssw0rd12 c0mputer12 m0nkey1234 l3tm3in123 1loveyou12 il0veyou12 iloveyou4ever me&you4ever thx1138thx
  `
    .trim()
    .split(/\s+/),
);
