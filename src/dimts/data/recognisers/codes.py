"""Language codes of two letters as those of three (ISO 639-1 as 639-3), which MMS and its like use."""

from dimts.text.languages import primary_of

_PAIRS = """
af afr  ak aka  am amh  ar ara  as asm  az azj-script_latin  be bel  bg bul  bn ben  bo bod  bs bos  ca cat  ceb ceb
cs ces  cy cym  da dan  de deu  ee ewe  el ell  en eng  es spa  et est  eu eus  fa fas  ff ful  fi fin  fr fra  ga gle
gl glg  gu guj  ha hau  he heb  hi hin  hr hrv  hu hun  hy hye  id ind  ig ibo  is isl  it ita  ja jpn  jv jav  ka kat
kk kaz  km khm  kn kan  ko kor  ky kir  lb ltz  lg lug  ln lin  lo lao  lt lit  lv lav  mg mlg  mi mri  mk mkd  ml mal
mn mon  mr mar  ms zlm  mt mlt  my mya  nb nob  ne npi  nl nld  no nob  ny nya  om orm  or ory  pa pan  pl pol  ps pus
pt por  ro ron  ru rus  rw kin  sd snd  si sin  sk slk  sl slv  sn sna  so som  sq sqi  sr srp-script_cyrillic
su sun  sv swe  sw swh  ta tam  te tel  tg tgk  th tha  ti tir  tk tuk  tr tur  tt tat  ug uig-script_arabic  uk ukr
ur urd-script_arabic  uz uzb-script_cyrillic  vi vie  wo wol  xh xho  yo yor  zh cmn-script_simplified  zu zul
"""
_words = _PAIRS.split()
THREE = dict(zip(_words[::2], _words[1::2], strict=True))


def three_letters(language: str) -> str:
    """Give the code as MMS writes it; what is not known stays as it is."""
    primary = primary_of(language)
    return THREE.get(primary, primary)
