Handed over after a consultation, conferences, consultations without hand-over.

## attended, all told: release, connection, done
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; release ann agent 50
answer bob 50.1; done ann 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80

## held by phone, then by the switch for a consultation that comes to nothing: both are hold, the second is told apart
arrive 0; enter sales 2; answer ann sales 10; hold ann 20; unhold ann 25; begin ann attended agent bob 30
hold ann consult 30; unhold ann 37; release ann agent 50; end pbx 50
= visit sales answered 8 talk 28
= leg ann sales from 10 talk 28 hold 12 of that consult 7 by agent
= consult_only 1
= served, ended by pbx at 50

## attended: done, release, connection
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; done ann 50
release ann agent 50.1; answer bob 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20.1 by agent
= leg bob - from 50.2 talk 29.8 by caller
= attended ann@sales to agent bob at 50.2: answered
= served, ended by caller at 80

## attended: connection before release
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; answer bob 50
release ann agent 50.1; done ann 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20.1 by agent
= leg bob - from 50 talk 30 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80

## attended: connection, done, release
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; answer bob 50; done ann 50.1
release ann agent 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20.2 by agent
= leg bob - from 50 talk 30 by caller
= attended ann@sales to agent bob at 50.2: answered
= served, ended by caller at 80

## attended: done, connection, release
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; done ann 50; answer bob 50.1
release ann agent 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20.2 by agent
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.2: answered
= served, ended by caller at 80

## attended: release, done, connection
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; release ann agent 50
done ann 50.1; answer bob 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50.2 talk 29.8 by caller
= attended ann@sales to agent bob at 50.2: answered
= served, ended by caller at 80

## attended, all in one second
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; answer bob 50; done ann 50
release ann agent 50; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50 talk 30 by caller
= attended ann@sales to agent bob at 50: answered
= served, ended by caller at 80

## attended, the begin was lost
arrive 0; enter sales 2; answer ann sales 10; hold ann 30; release ann agent 50; answer bob 50.1
done ann attended agent bob 50.2; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80

## attended, begin and method lost: done is known, how is not
arrive 0; enter sales 2; answer ann sales 10; hold ann 30; release ann agent 50; answer bob 50.1; done ann 50.2
release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50.1 talk 29.9 by caller
= blind ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80

## attended, done never told
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; release ann agent 50
answer bob 50.1; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80

## attended, the first agent's release was lost: done says when
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; done ann 50; answer bob 50.1
release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20.1 by unknown
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80
= marks release_missing

## attended, both releases lost
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; done ann 50; answer bob 50.1; end caller 80
= visit sales answered 8 talk 40.1
= leg ann sales from 10 talk 40.1 by unknown
= leg bob - from 50.1 talk 29.9 by caller
= attended ann@sales to agent bob at 50.1: answered
= served, ended by caller at 80
= marks release_missing

## attended, the second agent's connection was lost: believed, and marked
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; done ann 50; release ann agent 50
end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= attended ann@sales to agent bob at 50: abandoned
= served, ended by caller at 80
= marks transfer_unseen

## attended to an agent of a queue that was consulted: no visit, no wait of that queue
arrive 0; enter sales 2; answer ann sales 10; begin ann attended queue tech 30; hold ann 30; done ann 50
release ann agent 50; answer bob tech 50.1; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by agent
= leg bob tech (no visit) from 50.1 talk 29.9 by caller
= attended ann@sales to queue tech at 50.1: answered
= served, ended by caller at 80

## conference: a second agent joins, the first leaves
arrive 0; enter sales 2; answer ann sales 10; answer bob 30; release ann agent 50; release bob caller 80; end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg bob - from 30 talk 50 by caller
= conference ann@sales to agent bob at 50: answered, inferred
= served, ended by caller at 80

## conference, told
arrive 0; enter sales 2; answer ann sales 10; begin ann conference agent bob 25; answer bob 30; release ann agent 50
done ann conference 50; release bob caller 80; end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg bob - from 30 talk 50 by caller
= conference ann@sales to agent bob at 50: answered
= served, ended by caller at 80

## conference: the second agent leaves, a consultation
arrive 0; enter sales 2; answer ann sales 10; begin ann conference agent bob 25; answer bob 30; release bob agent 50
release ann caller 80; end caller 80
= visit sales answered 8 talk 70
= leg ann sales from 10 talk 70 by caller
= leg bob - from 30 talk 20 by agent
= consult_only 1
= served, ended by caller at 80

## conference of three: who was meant keeps the caller
arrive 0; enter sales 2; answer ann sales 10; answer bob 20; begin ann conference agent cyd 25; answer cyd 30
release ann agent 50; release bob agent 60; release cyd caller 80; end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg bob - from 20 talk 40 by agent
= leg cyd - from 30 talk 50 by caller
= conference ann@sales to agent cyd at 50: answered
= conference bob@- to agent cyd at 60: answered, inferred
= served, ended by caller at 80

## conference of three, nothing told: who joined first keeps the caller, then the next
arrive 0; enter sales 2; answer ann sales 10; answer bob 20; answer cyd 30; release ann agent 50; release bob agent 60
release cyd caller 80; end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg bob - from 20 talk 40 by agent
= leg cyd - from 30 talk 50 by caller
= conference ann@sales to agent bob at 50: answered, inferred
= conference bob@- to agent cyd at 60: answered, inferred
= served, ended by caller at 80

## the caller ends a conference
arrive 0; enter sales 2; answer ann sales 10; answer bob 30; end caller 80
= visit sales answered 8 talk 70
= leg ann sales from 10 talk 70 by caller
= leg bob - from 30 talk 50 by caller
= served, ended by caller at 80
= marks release_missing

## consulted, and kept the caller: a consultation, no transfer, no failure
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; unhold ann 50
release ann caller 80; end caller 80
= visit sales answered 8 talk 50
= leg ann sales from 10 talk 50 hold 20 by caller
= consult_only 1
= served, ended by caller at 80

## two consultations, then a blind transfer
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 20; begin ann attended agent cyd 30
begin ann blind queue tech 40; release ann agent 40; enter tech 40; answer dan tech 50; release dan caller 80; end caller 80
= visit sales answered 8 talk 30
= visit tech answered 10 talk 30 after_human
= leg ann sales from 10 talk 30 by agent
= leg dan tech from 50 talk 30 by caller
= blind ann@sales to queue tech at 40: answered after 10
= consult_only 2
= served, ended by caller at 80

## the caller hangs up during the consultation
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; hold ann 30; release ann caller 45
end caller 45
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 15 by caller
= failed attended to agent caller_gone at 45
= served, ended by caller at 45

## a return by hand: the second agent gives the caller back
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; release ann agent 40; answer bob 40
begin bob attended agent ann 60; release bob agent 70; answer ann 70; release ann caller 90; end caller 90
= visit sales answered 8 talk 30
= leg ann sales from 10 talk 30 by agent
= leg bob - from 40 talk 30 by agent
= leg ann - from 70 talk 20 by caller
= attended ann@sales to agent bob at 40: answered
= attended bob@- to agent ann at 70: returned, return
= served, ended by caller at 90

## begun is told twice: one consultation
arrive 0; enter sales 2; answer ann sales 10; begin ann attended agent bob 30; begin ann attended agent bob 30.4
release ann caller 80; end caller 80
= visit sales answered 8 talk 70
= leg ann sales from 10 talk 70 by caller
= consult_only 1
= served, ended by caller at 80

## done is told before begun: how is known from the begin
arrive 0; enter sales 2; answer ann sales 10; done ann 30; begin ann attended agent bob 30.1; release ann agent 30.2
answer bob 30.3; release bob caller 80; end caller 80
= visit sales answered 8 talk 20.2
= leg ann sales from 10 talk 20.2 by agent
= leg bob - from 30.3 talk 49.7 by caller
= attended ann@sales to agent bob at 30.3: answered
= served, ended by caller at 80

## a conference in which both name the queue
arrive 0; enter sales 2; answer ann sales 10; answer bob sales 30; release ann agent 50; release bob caller 80
end caller 80
= visit sales answered 8 talk 40
= leg ann sales from 10 talk 40 by agent
= leg bob sales (no visit) from 30 talk 50 by caller
= conference ann@sales to agent bob at 50: answered, inferred
= served, ended by caller at 80
= marks visit_missing contradiction
