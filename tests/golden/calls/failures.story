Passed on in vain: failed transfers and their fall-backs. None of them is a transfer or a return.

## nobody answers, the caller comes back to the same agent
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; ring bob 31
miss bob no_answer 46; fail ann no_answer 46; answer ann 47; release ann caller 80; end caller 80
= visit sales answered 8 talk 20
= offer bob - no_answer 15
= leg ann sales from 10 talk 20 by agent
= leg ann - from 47 talk 33 by caller
= failed blind to agent no_answer at 46
= served, ended by caller at 80

## the failure told after the fall-back
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; ring bob 31
miss bob no_answer 46; answer ann 47; fail ann busy 47.2; release ann caller 80; end caller 80
= visit sales answered 8 talk 20
= offer bob - no_answer 15
= leg ann sales from 10 talk 20 by agent
= leg ann - from 47 talk 33 by caller
= failed blind to agent busy at 47.2
= served, ended by caller at 80

## the failure never told: back with the same agent says it
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; answer ann 47
release ann caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg ann - from 47 talk 33 by caller
= failed blind to agent no_answer at 47
= served, ended by caller at 80

## back with the same agent under the name of the first queue
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; answer ann sales 47
release ann caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg ann sales (no visit) from 47 talk 33 by caller
= failed blind to agent no_answer at 47
= served, ended by caller at 80

## back in the agent's queue, though the target was another: a failure, not a return
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; enter sales 50
answer cyd sales 60; release cyd caller 80; end caller 80
= visit sales answered 8 talk 20
= visit sales answered 10 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg cyd sales (visit 2) from 60 talk 20 by caller
= failed blind to agent no_answer at 50
= served, ended by caller at 80

## told as failed, then the dialplan queues the caller: the fall-back
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; fail ann busy 31
enter night 35; answer cyd night 60; release cyd caller 80; end caller 80
= visit sales answered 8 talk 20
= visit night answered 25 talk 20 after_human
= leg ann sales from 10 talk 20 by agent
= leg cyd night from 60 talk 20 by caller
= failed blind to agent busy at 31
= served, ended by caller at 80

## told as failed, then an operator takes the caller: the fall-back
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; fail ann refused 31
answer cyd 35; release cyd caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg cyd - from 35 talk 45 by caller
= failed blind to agent refused at 31
= served, ended by caller at 80

## the caller hangs up while the target rings
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; ring bob 31; end caller 45
= visit sales answered 8 talk 20
= offer bob - caller_gone 14
= leg ann sales from 10 talk 20 by agent
= failed blind to agent caller_gone at 45
= served, ended by caller at 45

## the switch gives up on the target
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30; end pbx 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= failed blind to agent no_answer at 60
= served, ended by pbx at 60

## an attended transfer fails, the agent goes on talking
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; ring bob 31
miss bob busy 32; fail ann busy 32; unhold ann 33; release ann caller 80; end caller 80
= visit sales answered 8 talk 67
= offer bob - busy 1
= leg ann sales from 10 talk 67 hold 3 by caller
= failed attended to agent busy at 32
= served, ended by caller at 80

## one attempt fails, the next succeeds
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; fail ann no_answer 45
begin ann blind agent cyd 50; release ann agent 50; answer cyd 55; release cyd caller 80; end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg cyd - from 55 talk 25 by caller
= blind ann@sales to agent cyd at 55: answered
= failed attended to agent no_answer at 45
= served, ended by caller at 80

## a failed attempt long before does not hide a transfer that was not told
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; fail ann no_answer 45; release ann agent 60
enter tech 60; answer cyd tech 70; release cyd caller 80; end caller 80
= visit sales answered 8 talk 50
= visit tech answered 10 talk 10 after_human
= leg ann sales from 10 talk 50 by agent
= leg cyd tech from 70 talk 10 by caller
= blind ann@sales to queue tech at 60: answered after 10, inferred
= failed attended to agent no_answer at 45
= served, ended by caller at 80

## every cause
arrive 0; enter q 2; answer ann q 10; begin ann attended agent b 20; fail ann no_answer 21; begin ann attended agent c 22
fail ann busy 23; begin ann attended queue d 24; fail ann refused 25; begin ann attended outside e 26
fail ann caller_gone 27; end caller 27
= visit q answered 8 talk 17
= leg ann q from 10 talk 17 by caller
= failed attended to agent no_answer at 21
= failed attended to agent busy at 23
= failed attended to queue refused at 25
= failed attended to outside caller_gone at 27
= served, ended by caller at 27
= marks release_missing

## failed twice told is failed once
arrive 0; enter q 2; answer ann q 10; begin ann attended agent b 20; fail ann no_answer 21; fail ann no_answer 21.4
release ann caller 30; end caller 30
= visit q answered 8 talk 20
= leg ann q from 10 talk 20 by caller
= failed attended to agent no_answer at 21
= served, ended by caller at 30
= marks contradiction

## the begin was lost
arrive 0; enter q 2; answer ann q 10; fail ann no_answer 21; release ann caller 30; end caller 30
= visit q answered 8 talk 20
= leg ann q from 10 talk 20 by caller
= failed blind to nobody no_answer at 21
= served, ended by caller at 30
